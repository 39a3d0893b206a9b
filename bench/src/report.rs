//! Results as a page of Markdown, with plots of what there are several sizes of.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use crate::plot;
use crate::record::{Figure, Run};
use crate::results::{Results, Unreadable, readable};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The results; the page and the plots are written beside them.
    pub(crate) results: PathBuf,
}

/// What is drawn, where there is more than one size.
const DRAWN: [(&str, &str); 6] = [
    ("M1", "requests"),
    ("M4", "edit p50"),
    ("M4", "edit p99"),
    ("M4", "records moved"),
    ("M7", "load per route"),
    ("M9", "resident memory per route, settled"),
];

pub(crate) fn run(arguments: &Arguments) -> Result<(), Unreadable> {
    let results = Results::read(&arguments.results)?;
    let mut page = String::from("# Results\n\n");
    results.runs.iter().for_each(|run| page.push_str(&described(run)));
    for headline in results.headlines() {
        let _ = writeln!(page, "\n## {headline}\n");
        for (at, (_, measure)) in DRAWN.iter().enumerate().filter(|(_, (drawn, _))| *drawn == headline) {
            let figures: Vec<&Figure> =
                results.figures.iter().filter(|f| f.headline == headline && f.measure == *measure).collect();
            let sizes: BTreeSet<u32> = figures.iter().map(|figure| figure.routes).collect();
            if sizes.len() > 1 {
                let path = arguments.results.with_extension(format!("{at}.svg"));
                plot::draw(&path, measure, &figures)?;
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let _ = writeln!(page, "![{headline}, {measure}]({name})\n");
            }
        }
        page.push_str("| case | measure | N | value | aim | of what the machine can do |\n|---|---|---|---|---|---|\n");
        results
            .figures
            .iter()
            .filter(|figure| figure.headline == headline)
            .for_each(|figure| page.push_str(&row(figure)));
    }
    let path = arguments.results.with_extension("md");
    fs::write(&path, page).map_err(|error| Unreadable::Write(path.clone(), error))?;
    eprintln!("bench: wrote {}", path.display());
    Ok(())
}

fn described(run: &Run) -> String {
    let Run { date, commit, processor, cores, memory_gib, load_before } = run;
    format!("- {date}, commit {commit}, {processor}, {cores} cores, {memory_gib} GiB, load before: {load_before}\n")
}

fn row(figure: &Figure) -> String {
    let Figure { case, measure, routes, unit, .. } = figure;
    let (value, missed) = (readable(figure.value), if figure.is_missed() { "**" } else { "" });
    let relation = if figure.is_rate() { "≥" } else { "≤" };
    let aim = figure.target.map(|target| format!("{relation} {}", readable(target))).unwrap_or_default();
    let share = figure.of_calibrated.map(readable).unwrap_or_default();
    format!("| {case} | {measure} | {routes} | {missed}{value} {unit}{missed} | {aim} | {share} |\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_aim_is_bold_and_rates_aim_upwards() {
        let slow = Figure::new("M4", "c", "m", 10, 200.0, "µs").aim(150.0);
        assert_eq!(row(&slow), "| c | m | 10 | **200 µs** | ≤ 150 |  |\n");
        let fast = Figure::new("M10", "c", "m", 10, 200.0, "1/s").aim(150.0).calibrated(400.0);
        assert_eq!(row(&fast), "| c | m | 10 | 200 1/s | ≥ 150 | 0.500 |\n");
    }
}
