//! What was expected, and came to pass or did not.

use std::fmt;

/// Lines of what a test printed that are shown when it fails.
const LINES: usize = 15;

/// The verdict on one run of the suite.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    /// Tests of statuses alone.
    pub(crate) status: Tally,
    /// Parts of other tests that ask for statuses alone.
    pub(crate) parts: Tally,
    /// Tests that send traffic: whether they sent their first request.
    pub(crate) traffic: Tally,
    /// Tests of features that are not claimed: whether they were skipped.
    pub(crate) not_claimed: Tally,
    /// Tests of which nothing is expected.
    pub(crate) unknown: Vec<String>,
}

/// Of some tests how many did what.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    met: usize,
    /// Known not to meet it, and did not.
    known: Vec<String>,
    /// Did not meet it, or did although it is listed as one that does not.
    wrong: Vec<(String, String)>,
}

impl Tally {
    /// Notes whether a test did what it should, of which it may be known that it does not.
    pub(crate) fn note(&mut self, name: &str, fails: bool, result: Result<(), String>) {
        match (fails, result) {
            (false, Ok(())) => self.met += 1,
            (true, Err(_)) => self.known.push(name.to_owned()),
            (true, Ok(())) => self.wrong.push((name.to_owned(), "it is listed as one that fails, and does not".into())),
            (false, Err(seen)) => self.wrong.push((name.to_owned(), seen)),
        }
    }
}

impl Judgement {
    /// What the suite itself calls passed, and what was expected to be.
    pub(crate) fn passed(&self) -> usize {
        self.status.met + self.parts.met
    }

    /// Everything that is not as expected.
    pub(crate) fn failed(&self) -> usize {
        let tallies = [&self.status, &self.parts, &self.traffic, &self.not_claimed];
        tallies.iter().map(|tally| tally.wrong.len()).sum::<usize>() + self.unknown.len()
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (what, tally) in [
            ("tests of statuses: passed", &self.status),
            ("status parts of mixed tests: passed", &self.parts),
            ("tests with traffic: sent their first request", &self.traffic),
            ("tests of features that are not claimed: skipped", &self.not_claimed),
        ] {
            writeln!(
                out,
                "  {what} {}, known not to {}, unexpected {}",
                tally.met,
                tally.known.len(),
                tally.wrong.len()
            )?;
            for name in &tally.known {
                writeln!(out, "    known: {name}")?;
            }
            for (name, seen) in &tally.wrong {
                let lines: Vec<_> = seen.lines().collect();
                let tail = lines[lines.len().saturating_sub(LINES)..].join("\n      ");
                writeln!(out, "    unexpected: {name}\n      {tail}")?;
            }
        }
        for name in &self.unknown {
            writeln!(out, "    unexpected: {name} is not in expected.yaml")?;
        }
        Ok(())
    }
}
