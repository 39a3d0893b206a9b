use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

/// Tries a property on so many cases, or as many as `PROPTEST_CASES` says, always the same ones unless
/// `PROPTEST_RNG_SEED` gives others, and panics with the smallest case that fails.
pub fn hold<T: Debug>(cases: u32, all: impl Strategy<Value = T>, property: impl Fn(&T) -> Result<(), String>) {
    let mut config = Config { failure_persistence: None, max_shrink_iters: 4096, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(0);
    }
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&all, |case| property(&case).map_err(TestCaseError::fail));
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}
