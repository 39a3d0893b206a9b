//! What two answers do not agree on, for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use dataflows::model::{Key, Task};

/// What is asked for, by object.
type Tasks = BTreeMap<Key, Task>;

/// Per object that is not the same on both sides, the lines that differ.
pub fn difference(left_name: &str, left: &Tasks, right_name: &str, right: &Tasks) -> String {
    let mut text = String::new();
    let keys: BTreeSet<&Key> = left.keys().chain(right.keys()).collect();
    for key in keys.into_iter().filter(|key| left.get(key) != right.get(key)) {
        let task = left.get(key).or_else(|| right.get(key));
        let _ = writeln!(text, "{}", task.map_or_else(String::new, |task| task.pending.object.to_string()));
        let show = |task: Option<&Task>| task.map_or_else(|| "no task".to_owned(), |task| format!("{task:#?}"));
        let (left, right) = (show(left.get(key)), show(right.get(key)));
        for (name, lines, others) in [(left_name, &left, &right), (right_name, &right, &left)] {
            let others: BTreeSet<_> = others.lines().collect();
            for line in lines.lines().filter(|line| !others.contains(line)).take(40) {
                let _ = writeln!(text, "    {name:>12} | {line}");
            }
        }
    }
    text
}
