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

/// The same once the allocator has given back what was freed, which it begins with after about a second.
pub(crate) fn settled() -> u64 {
    const PAUSE: Duration = Duration::from_millis(500);
    const QUIET_PAUSES: u32 = 4;
    const PAUSES_MAX: u32 = 40;
    let (mut least, mut quiet) = (resident(), 0);
    for _ in 0..PAUSES_MAX {
        thread::sleep(PAUSE);
        let now = resident();
        quiet = if now < least { 0 } else { quiet + 1 };
        least = least.min(now);
        if quiet == QUIET_PAUSES {
            break;
        }
    }
    least
}
