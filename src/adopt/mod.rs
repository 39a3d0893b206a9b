//! Taking over from Kuma's own Gateway API controllers: what they made is either adopted in place, so that `run` goes on
//! with it, or removed once what `run` made instead is there.
//!
//! Nothing here decides about Gateway API. A survey reads the cluster once, a pure plan says what is to become of each
//! object, and each request is bound to the state that was surveyed.

mod carry_out;
mod controllers;
mod label;
mod plan;
mod survey;

pub use carry_out::{Outcome, carry_out};
pub use controllers::KumaControllers;
pub use label::{OWNER_LABEL, owner_label};
pub use plan::{Fate, Step, plan};
pub use survey::{Answer, Part, Seen, Survey, SurveyError, survey};
