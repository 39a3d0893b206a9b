//! The specifications as pure functions.
