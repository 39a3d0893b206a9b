//! What is known of the cluster: the newest observation of each object, whoever made it.
//!
//! Watches and the writer both put in what they see, and the engine is told of it; the writer asks what an object shows
//! now. So neither has to know the other.

mod feed;
mod health;
pub(crate) mod kinds;
pub(crate) mod memory;
pub(crate) mod pause;
mod rival;
mod versions;

pub use feed::{Feed, Fresh, News, Origin};
pub use health::{Health, InputHealth, Standing};
pub use kinds::{WATCHED, Watched, inputs};
pub use memory::Memory;
pub use versions::{Admission, Entry, Identity, Version, Versions, Witness};
