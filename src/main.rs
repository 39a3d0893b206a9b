//! Deltagate: an incremental Gateway API controller for Kuma and Kong Mesh.

use std::process::ExitCode;

/// An epoch makes and drops many small rows; the allocator of the system is slower at that and keeps more memory.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    deltagate::cli::main()
}
