//! What the kernel says about this process.

use std::fs;

/// Bytes of memory that are resident, by `/proc`; 0 where there is none.
pub(crate) fn resident() -> u64 {
    const PAGE: u64 = 4096;
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.as_deref().and_then(|line| line.split(' ').nth(1)).and_then(|word| word.parse::<u64>().ok());
    pages.unwrap_or_default() * PAGE
}
