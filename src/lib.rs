//! The shell of Deltagate: all that waits, fails or tells the time.

pub mod events;
