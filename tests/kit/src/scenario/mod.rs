//! Scenarios: one file, one behaviour, input and expectation together.
//!
//! A file is run in many [`Way`]s, and whatever the order and grouping of the changes, what is in the cluster in the end
//! must be the same. What the fields of a file mean is said at [`Scenario`]; `tests/README.md` shows how to add one.

mod compact_yaml;
mod condition_row;
mod difference;
mod finalizers;
mod format;
mod glob;
mod golden;
mod invariants;
mod memory_cluster;
mod merge_patch;
mod noise;
mod object_id;
mod outcome;
mod own_status;
mod prepare;
mod refusals;
mod run;
mod ways;

pub use format::{
    Expectation, ListenerExpectation, ObjectExpectation, ParentExpectation, Refuse, Scenario, SettingsOverride,
    StatusExpectation, Step,
};
pub use memory_cluster::{Decoder, Ends, MemoryCluster, Renderer, Write};
pub use object_id::ObjectId;
pub use prepare::{Edit, Prepared, Stage};
pub use run::{Failure, rewrite, run};
pub use ways::Way;
