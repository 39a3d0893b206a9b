//! Every view in two or three stories, told to the engine as a cluster would tell them: what comes, what goes again,
//! the empty side, and the same thing twice.

mod attachment;
mod backends;
mod certificates;
mod gateways;
mod listeners;
mod pending;
mod precedence;
mod services;
#[path = "../world/mod.rs"]
mod world;
