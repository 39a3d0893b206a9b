//! Deltagate: an incremental Gateway API controller for Kuma and Kong Mesh.

use std::process::ExitCode;

/// An epoch makes and drops many small rows; the allocator of the system is slower at that and keeps more memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    deltagate::cli::main()
}
