//! What a person at a terminal sees while it runs.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error with one step per piece of the measurement; nothing where that is no terminal.
pub(crate) fn bar(steps: usize) -> ProgressBar {
    let bar = ProgressBar::new(steps as u64);
    let style = ProgressStyle::with_template("{elapsed_precise} [{wide_bar}] {pos}/{len} {msg}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}
