//! The core.
pub mod engine;
pub mod manifest;
pub mod model;
pub mod operators;
pub mod rules;
pub use engine::{Engine, Step};
