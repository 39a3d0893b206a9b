//! Where objects come from, and what becomes of them on the way in.

pub mod cluster;
pub mod decode;
pub mod directory;
