//! The measurements of Deltagate: one subcommand each, JSON lines out.

mod engine;
mod memory;
mod population;
mod statistics;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Deltagate. Each result is one JSON object on a line of standard output; progress goes to standard error.
///
/// Build with `--release`: figures of a debug build say nothing.
#[derive(Parser)]
#[command(name = "bench", version)]
struct Arguments {
    #[command(subcommand)]
    measurement: Measurement,
}

#[derive(Subcommand)]
enum Measurement {
    /// The dataflow alone, without an API server: load, one-route edits, memory, work per change.
    ///
    /// Example: bench engine --routes 1000,10000,100000
    Engine(engine::Arguments),
}

fn main() {
    match Arguments::parse().measurement {
        Measurement::Engine(arguments) => engine::run(&arguments),
    }
}
