//! What each test of the suite is expected to come to.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Deserialize;

use super::judge::Judgement;
use super::suite::{Outcome, Outcomes, module};

/// `tests/cluster/conformance/expected.yaml`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Expected {
    /// Tests that ask for statuses alone: they pass.
    status: BTreeSet<String>,
    /// Tests that ask for statuses and send traffic, each with those of its parts that send none: the parts pass, and the
    /// test sends its first request.
    mixed: BTreeMap<String, Vec<String>>,
    /// Tests that send traffic, once the statuses that they need are right: they send their first request.
    traffic: BTreeSet<String>,
    /// Tests of features that are not claimed, by the reason: they are skipped.
    not_claimed: BTreeMap<String, BTreeSet<String>>,
    /// Tests of features that are claimed and that do not come to what the list above says, with the reason.
    #[serde(default)]
    fails: BTreeMap<String, String>,
}

impl Expected {
    pub(crate) fn read() -> Self {
        let path = module().join("conformance/expected.yaml");
        let text = fs::read_to_string(&path).expect("the expectations can be read");
        serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Holds what was seen against what is expected, which speaks of every test of the suite.
    pub(crate) fn judge(&self, outcomes: &Outcomes) -> Judgement {
        let mut judgement = Judgement::default();
        for name in &self.status {
            judgement.status.note(name, self.fails.contains_key(name), passed(outcomes, name));
        }
        for (name, parts) in &self.mixed {
            for part in parts {
                let part = format!("{name}/{part}");
                judgement.parts.note(&part, self.fails.contains_key(&part), passed(outcomes, &part));
            }
            judgement.traffic.note(name, self.fails.contains_key(name), sent_request(outcomes, name));
        }
        for name in &self.traffic {
            judgement.traffic.note(name, self.fails.contains_key(name), sent_request(outcomes, name));
        }
        for name in self.not_claimed.values().flatten() {
            judgement.not_claimed.note(name, false, skipped(outcomes, name));
        }
        judgement.unknown = self.unknown(outcomes);
        judgement
    }

    /// Tests that the file does not speak of.
    fn unknown(&self, outcomes: &Outcomes) -> Vec<String> {
        let known = |name: &str| {
            self.status.contains(name)
                || self.mixed.contains_key(name)
                || self.traffic.contains(name)
                || self.not_claimed.values().any(|names| names.contains(name))
        };
        outcomes.keys().filter(|name| !name.contains('/') && !known(name)).cloned().collect()
    }
}

fn passed(outcomes: &Outcomes, name: &str) -> Result<(), String> {
    ended(outcomes, name, Outcome::Pass)
}

fn skipped(outcomes: &Outcomes, name: &str) -> Result<(), String> {
    ended(outcomes, name, Outcome::Skip)
}

fn ended(outcomes: &Outcomes, name: &str, wanted: Outcome) -> Result<(), String> {
    let seen = outcomes.get(name).ok_or("it did not run")?;
    if seen.outcome == Some(wanted) {
        return Ok(());
    }
    Err(format!("{:?}\n{}", seen.outcome, seen.output))
}

fn sent_request(outcomes: &Outcomes, name: &str) -> Result<(), String> {
    let seen = outcomes.get(name).ok_or("it did not run")?;
    if seen.sent_request { Ok(()) } else { Err(seen.output.clone()) }
}
