//! Two files of results side by side.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::record::{Figure, Run};
use crate::results::{Results, Unreadable, readable};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The results to start from.
    before: PathBuf,
    /// The results to compare with them.
    after: PathBuf,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Unreadable> {
    let (before, after) = (Results::read(&arguments.before)?, Results::read(&arguments.after)?);
    let named = |name: &'static str, results: &Results| {
        let line = move |run: &Run| {
            format!("{name}: {} at {}, {}, load {}", run.date, run.commit, run.processor, run.load_before)
        };
        results.runs.iter().map(line).collect::<Vec<_>>()
    };
    let runs = [named("before", &before), named("after", &after)].concat();
    let head = "\n| | case | measure | N | before | after | after / before |\n|---|---|---|---|---|---|---|".to_owned();
    let rows = before.figures.iter().filter_map(|figure| row(figure, &after.figures));
    let lines: Vec<String> = runs.into_iter().chain([head]).chain(rows).collect();
    // Whoever closes standard output has seen enough.
    let _ = writeln!(io::stdout(), "{}", lines.join("\n"));
    Ok(())
}

/// The figure beside the same one of the other results, if they have it.
fn row(before: &Figure, others: &[Figure]) -> Option<String> {
    let key = |figure: &Figure| {
        (figure.headline.clone(), figure.case.clone(), figure.measure.clone(), figure.routes, figure.unit.clone())
    };
    let after = others.iter().find(|other| key(other) == key(before))?;
    let ratio = if before.value == 0.0 { String::new() } else { format!("{:.2}", after.value / before.value) };
    let Figure { headline, case, measure, routes, unit, .. } = before;
    let (left, right) = (readable(before.value), readable(after.value));
    Some(format!("| {headline} | {case} | {measure} | {routes} | {left} {unit} | {right} {unit} | {ratio} |"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_figure_is_found_and_no_other() {
        let figure = |routes, value| Figure::new("M4", "rule edited", "edit p50", routes, value, "µs");
        let row = row(&figure(1_000, 200.0), &[figure(10_000, 1.0), figure(1_000, 150.0)]);
        assert_eq!(row.as_deref(), Some("| M4 | rule edited | edit p50 | 1000 | 200 µs | 150 µs | 0.75 |"));
        assert_eq!(super::row(&figure(10, 1.0), &[figure(1_000, 1.0)]), None);
    }
}
