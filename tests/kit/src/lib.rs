//! The kit.

pub mod apiserver;
