//! The kit.

pub mod apiserver;
pub mod oracle;
pub mod scenario;
pub mod world;
