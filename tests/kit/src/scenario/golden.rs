use std::fmt::Write as _;

use super::compact_yaml;
use super::format::Expectation;

/// The text of a scenario with other expectations, in the order of the old ones. All else stays as it was written.
pub(super) fn rewrite(text: &str, found: &[Expectation]) -> Result<String, String> {
    let mut found = found.iter();
    let mut rewritten = String::new();
    let mut skip_below = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start_matches([' ', '-']).len();
        let blank = line.trim().is_empty() || line.trim_start().starts_with('#');
        if let Some(limit) = skip_below {
            let list_of_it = line.trim_start().starts_with("- ") && line.len() - line.trim_start().len() >= limit;
            if !blank && (indent > limit || (indent == limit && list_of_it)) && !starts_step(line, limit) {
                continue;
            }
            skip_below = None;
        }
        if !is_expectation(line) {
            rewritten.push_str(line);
            rewritten.push('\n');
            continue;
        }
        let expectation = found.next().ok_or("a line that says expect: is not an expectation")?;
        let value = serde_yaml_ng::to_value(expectation).map_err(|error| error.to_string())?;
        let _ = write!(rewritten, "{}expect:\n{}", &line[..indent], compact_yaml::write(&value, indent + 2));
        skip_below = Some(indent);
    }
    match found.next() {
        None => Ok(rewritten),
        Some(_) => Err("each expect: must be on a line of its own".to_owned()),
    }
}

/// Expectations are fields of the scenario or of a step, which are at most one list deep.
fn is_expectation(line: &str) -> bool {
    let field = line.trim_start_matches([' ', '-']);
    line.len() - field.len() <= 4 && (field == "expect:" || field.starts_with("expect: "))
}

/// Whether a line is the next item of the list of steps.
fn starts_step(line: &str, limit: usize) -> bool {
    let dash = line.len() - line.trim_start().len();
    line.trim_start().starts_with("- ") && limit > 0 && dash < limit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_expectations_are_replaced() {
        let text = "# About.\nobjects: []\nexpect:\n  absent: [old]\n\nsteps:\n- when: it rains\n  expect:\n    absent:\n    - old\n- when: it snows\n  apply: []\n";
        let expectation = |name: &str| Expectation { absent: vec![name.to_owned()], ..Expectation::default() };
        let expected = "# About.\nobjects: []\nexpect:\n  absent: [new]\n\nsteps:\n- when: it rains\n  expect:\n    absent: [newer]\n- when: it snows\n  apply: []\n";
        assert_eq!(rewrite(text, &[expectation("new"), expectation("newer")]).unwrap(), expected);
        assert_eq!(rewrite(expected, &[expectation("new"), expectation("newer")]).unwrap(), expected);
        assert!(rewrite(text, &[]).is_err());
    }
}
