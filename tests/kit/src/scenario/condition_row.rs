use std::fmt::Write as _;

use serde_json::Value;

/// A condition as `Type=Status/Reason@generation: message`, showing as much as `like` shows: the row of the same type
/// in the expectation.
fn row(condition: &Value, like: Option<&str>) -> String {
    let text = |field: &str| condition[field].as_str().unwrap_or("?");
    let mut row = format!("{}={}/{}", text("type"), text("status"), text("reason"));
    let (head, message) = like.map_or(("", None), split);
    if head.contains('@') {
        let _ = write!(row, "@{}", condition["observedGeneration"]);
    }
    if let Some(wanted) = message {
        let found = condition["message"].as_str().unwrap_or_default();
        row.push_str(": ");
        row.push_str(if !wanted.is_empty() && found.contains(wanted) { wanted } else { found });
    }
    row
}

/// Conditions as rows, in the order of the expectation where it speaks of them.
pub(super) fn rows(conditions: &Value, expected: Option<&[String]>) -> Vec<String> {
    let mut left: Vec<&Value> = conditions.as_array().into_iter().flatten().collect();
    let mut rows = Vec::new();
    for like in expected.unwrap_or_default() {
        let same_type = |condition: &&Value| condition["type"].as_str() == like.split_once('=').map(|(kind, _)| kind);
        if let Some(at) = left.iter().position(same_type) {
            rows.push(row(left.remove(at), Some(like)));
        }
    }
    left.sort_by_key(|condition| condition["type"].as_str());
    rows.extend(left.into_iter().map(|condition| row(condition, None)));
    rows
}

fn split(row: &str) -> (&str, Option<&str>) {
    match row.split_once(": ") {
        Some((head, message)) => (head, Some(message)),
        None => (row, None),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_shows_what_the_expectation_speaks_of() {
        let found = json!([
            {"type": "B", "status": "True", "reason": "B", "message": "", "observedGeneration": 1},
            {"type": "A", "status": "False", "reason": "Bad", "message": "it is bad indeed", "observedGeneration": 2},
        ]);
        assert_eq!(rows(&found, None), ["A=False/Bad", "B=True/B"]);
        let expected = ["B=True/B".to_owned(), "A=False/Bad@2: bad".to_owned(), "C=True/C".to_owned()];
        assert_eq!(rows(&found, Some(&expected)), ["B=True/B", "A=False/Bad@2: bad"]);
        let expected = ["A=True/Good: good".to_owned()];
        assert_eq!(rows(&found, Some(&expected)), ["A=False/Bad: it is bad indeed", "B=True/B"]);
    }
}
