//! What ends this process at once: a bug in the dataflow, and the end of another process that it needs.

use std::panic;
use std::process;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// How threads are called that talk to another process; its number follows.
const NETWORK_THREADS: [&str; 2] = ["timely:recv-", "timely:send-"];

/// Whether this process is ending, so that the end of another one is no surprise. The hook for panics, which asks, is
/// one for the whole process as well.
static LEAVING: AtomicBool = AtomicBool::new(false);

/// From now on other processes may go.
pub fn leave() {
    LEAVING.store(true, Ordering::Relaxed);
}

/// Ends the process when a thread of this name panics, or one whose name begins with it, and when another process of the
/// cluster has gone: it took its share of all rows with it.
pub(super) fn arm(engine: &'static str) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |cause| {
            let thread = thread::current();
            let name = thread.name().unwrap_or_default();
            if let Some(other) = NETWORK_THREADS.iter().find_map(|prefix| name.strip_prefix(prefix)) {
                if !LEAVING.load(Ordering::Relaxed) {
                    tracing::error!(
                        "process {other} of the cluster is gone, and no other can go on without it: start all of them again"
                    );
                    process::exit(1);
                }
                return;
            }
            previous(cause);
            // Other workers are named after the thread.
            if name.starts_with(engine) {
                tracing::error!(%cause, "the dataflow broke an invariant, please report this: stopping");
                process::abort();
            }
        }));
    });
}
