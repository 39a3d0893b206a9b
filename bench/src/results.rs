//! Results as they are kept: files of JSON lines.

use std::fs;
use std::path::{Path, PathBuf};

use crate::record::{Figure, Line, Run};

/// A file of results.
pub(crate) struct Results {
    pub(crate) runs: Vec<Run>,
    pub(crate) figures: Vec<Figure>,
}

/// Name a file of results: one that `bench all`, `bench engine` or `bench cluster` wrote.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("{0} cannot be read")]
    File(PathBuf, #[source] std::io::Error),
    #[error("line {1} of {0} is no result")]
    Line(PathBuf, usize, #[source] serde_json::Error),
    #[error("{0} cannot be written")]
    Write(PathBuf, #[source] std::io::Error),
    #[error("{0} cannot be drawn: {1}")]
    Draw(PathBuf, String),
}

impl Results {
    pub(crate) fn read(path: &Path) -> Result<Self, Unreadable> {
        let text = fs::read_to_string(path).map_err(|error| Unreadable::File(path.to_owned(), error))?;
        let mut results = Self { runs: Vec::new(), figures: Vec::new() };
        for (number, line) in text.lines().enumerate() {
            let line = serde_json::from_str(line);
            match line.map_err(|error| Unreadable::Line(path.to_owned(), number + 1, error))? {
                Line::Run(run) => results.runs.push(run),
                Line::Figure(figure) => results.figures.push(figure),
            }
        }
        Ok(results)
    }

    /// The headline figures in their order, calibration first.
    pub(crate) fn headlines(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.figures.iter().map(|figure| figure.headline.as_str()).collect();
        names.sort_by_key(|name| (name[1..].parse::<u32>().unwrap_or_default(), *name));
        names.dedup();
        names
    }
}

/// A number as people read it: four digits that mean something.
pub(crate) fn readable(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => 0,
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 1.0 => 2,
        _ => 3,
    };
    let text = format!("{value:.digits$}");
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        let left = whole.len() - at;
        if at > 0 && left.is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    rest.map_or(grouped.clone(), |rest| format!("{grouped}.{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        for (value, text) in [
            (0.0, "0"),
            (0.0451, "0.045"),
            (3.0, "3.00"),
            (12.34, "12.3"),
            (1_234_567.0, "1,234,567"),
            (-5_000.0, "-5,000"),
        ] {
            assert_eq!(readable(value), text);
        }
    }

    #[test]
    fn headlines_are_in_the_order_of_their_numbers() {
        let figure = |headline| Figure::new(headline, "", "", 0, 0.0, "");
        let figures = ["M10", "M2", "calibration", "M2"].map(figure).to_vec();
        assert_eq!(Results { runs: Vec::new(), figures }.headlines(), ["calibration", "M2", "M10"]);
    }
}
