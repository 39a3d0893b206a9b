use std::fmt::Write as _;

/// Lines around a difference that are shown for orientation.
const CONTEXT: usize = 6;

/// The lines that are only in one of two texts, marked `-` for the first and `+` for the second, with some of both.
pub(super) fn lines(first: &str, second: &str) -> String {
    let all = merged(first, second);
    let marked = |line: &&str| !line.starts_with("      ");
    let lines: Vec<_> = all.lines().collect();
    let near = |at: usize| lines[at.saturating_sub(CONTEXT)..lines.len().min(at + CONTEXT + 1)].iter().any(marked);
    let mut text = String::new();
    let mut skipped = false;
    for (at, line) in lines.iter().enumerate() {
        if near(at) {
            let _ = writeln!(text, "{}{line}", if skipped { "      …\n" } else { "" });
        }
        skipped = !near(at);
    }
    text
}

/// All lines of both texts.
fn merged(first: &str, second: &str) -> String {
    let (first, second): (Vec<_>, Vec<_>) = (first.lines().collect(), second.lines().collect());
    let mut common = vec![vec![0_usize; second.len() + 1]; first.len() + 1];
    for (i, left) in first.iter().enumerate().rev() {
        for (j, right) in second.iter().enumerate().rev() {
            common[i][j] =
                if left == right { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut text) = (0, 0, String::new());
    while i < first.len() || j < second.len() {
        if i < first.len() && j < second.len() && first[i] == second[j] {
            let _ = writeln!(text, "      {}", first[i]);
            (i, j) = (i + 1, j + 1);
        } else if j == second.len() || (i < first.len() && common[i + 1][j] >= common[i][j + 1]) {
            let _ = writeln!(text, "    - {}", first[i]);
            i += 1;
        } else {
            let _ = writeln!(text, "    + {}", second[j]);
            j += 1;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn lines_of_one_side_are_marked() {
        assert_eq!(super::lines("a\nb\nc", "a\nd\nc"), "      a\n    - b\n    + d\n      c\n");
        assert_eq!(super::lines("a", "a"), "");
    }
}
