//! The shell of Deltagate: all that waits, fails or tells the time.

pub mod admin;
pub mod adopt;
pub mod apply;
mod causes;
pub mod cli;
pub mod cluster;
pub mod controller;
pub mod documents;
pub mod engine_thread;
pub mod events;
pub mod kubernetes;
pub mod observations;
pub mod output;
pub mod progress;
pub mod render;
pub mod vault;
pub mod watch;
