//! What the kernel says about this process.

use std::time::Duration;
use std::{fs, thread};

/// Bytes of memory that are resident, by `/proc`; 0 where there is none.
pub(crate) fn resident() -> u64 {
    const PAGE: u64 = 4096;
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.as_deref().and_then(|line| line.split(' ').nth(1)).and_then(|word| word.parse::<u64>().ok());
    pages.unwrap_or_default() * PAGE
}

/// The same once the allocator has given back what was freed, which takes it about a second.
pub(crate) fn settled() -> u64 {
    const PAUSE: Duration = Duration::from_millis(500);
    const PAUSES_MAX: u32 = 20;
    let mut last = resident();
    for _ in 0..PAUSES_MAX {
        thread::sleep(PAUSE);
        let now = resident();
        if now >= last {
            break;
        }
        last = now;
    }
    last
}
