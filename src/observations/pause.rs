//! Growing pauses.

use std::time::Duration;

/// The pause before attempt `failures` is repeated: doubles from `first` up to `most`. No jitter: one process makes
/// few enough attempts at once, and tests see what happens.
pub(crate) fn growing(first: Duration, most: Duration, failures: u32) -> Duration {
    // Sixteen doublings exceed every ratio of limits used here.
    first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_doubles_up_to_its_limit() {
        let ms = |failures| growing(Duration::from_millis(200), Duration::from_secs(30), failures).as_millis();
        assert_eq!([ms(1), ms(2), ms(3), ms(8), ms(9), ms(1_000)], [200, 400, 800, 25_600, 30_000, 30_000]);
    }
}
