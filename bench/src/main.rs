//! The measurements of Deltagate: one subcommand each, JSON lines out.

mod all;
mod cluster;
mod compare;
mod engine;
mod memory;
mod objects;
mod plot;
mod progress;
mod record;
mod report;
mod results;
mod statistics;
mod subprocess;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

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
    /// The dataflow alone, without an API server: load, every kind of edit, bursts, memory, work per change.
    ///
    /// Example: bench engine --routes 1000,10000,100000
    Engine(engine::Arguments),
    /// The controller as a process of its own with a real API server: requests, latency, storms, starts, memory.
    ///
    /// Example: bench cluster --routes 1000
    Cluster(cluster::Arguments),
    /// Both, kept in a folder with a page and plots.
    ///
    /// Example: bench all
    All(all::Arguments),
    /// Two files of results side by side, as a table of Markdown.
    ///
    /// Example: bench compare before.jsonl after.jsonl
    Compare(compare::Arguments),
    /// A page of Markdown with plots, beside a file of results.
    ///
    /// Example: bench report results.jsonl
    Report(report::Arguments),
}

fn main() -> ExitCode {
    let done: Result<(), Box<dyn Error>> = match Arguments::parse().measurement {
        Measurement::Engine(arguments) => engine::run(&arguments).map_err(Into::into),
        Measurement::Cluster(arguments) => cluster::run(&arguments).map_err(Into::into),
        Measurement::All(arguments) => all::run(&arguments).map_err(Into::into),
        Measurement::Compare(arguments) => compare::run(&arguments).map_err(Into::into),
        Measurement::Report(arguments) => report::run(&arguments).map_err(Into::into),
    };
    let Err(error) = done else { return ExitCode::SUCCESS };
    eprintln!("bench: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        eprintln!("  because: {error}");
        cause = error.source();
    }
    ExitCode::FAILURE
}
