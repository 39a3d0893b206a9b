//! The rules of the house, as far as a program can check them. There are no exceptions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 60;
/// Names that say nothing of what a file is for.
const EMPTY_NAMES: [&str; 5] = ["utils", "helpers", "common", "misc", "manager"];
/// Folders whose README says what must not be in them.
const FOLDERS: [&str; 5] = ["src", "dataflows", "bench", "tests", "deploy"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files of the repository that are not ignored, whether they are committed yet or not.
fn files() -> Vec<PathBuf> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .expect("git lists the files of the repository");
    let listed = String::from_utf8(listed.stdout).expect("paths are text");
    let mut files: Vec<_> = listed.lines().map(PathBuf::from).filter(|path| root().join(path).is_file()).collect();
    assert!(!files.is_empty(), "this test needs the git repository");
    files.sort();
    files
}

/// A source file with its path.
struct Source {
    path: String,
    text: String,
    /// The text with comments, literals and tests blanked out: the same lines, but only what runs.
    code: String,
}

impl Source {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(root().join(path)).expect("a listed file can be read");
        let code = without_tests(&blank(&text));
        Self { path: path.display().to_string(), text, code }
    }

    fn is_test(&self) -> bool {
        self.path.ends_with("tests.rs") || self.path.ends_with("testing.rs") || self.path.contains("tests/")
    }

    /// Where a piece of code is found, as `path:line`.
    fn places(&self, needle: &str) -> Vec<String> {
        let lines = (1..).zip(self.code.lines());
        lines
            .filter(|(_, line)| holds(line, needle))
            .map(|(line, _)| format!("{}:{line}: {needle}", self.path))
            .collect()
    }
}

/// Whether a line holds a piece of code that is not part of a longer name.
fn holds(line: &str, needle: &str) -> bool {
    let part_of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    line.match_indices(needle)
        .any(|(at, _)| at == 0 || !part_of_name(line.as_bytes()[at - 1]) || needle.starts_with('.'))
}

fn sources() -> Vec<Source> {
    let is_rust = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    files().iter().filter(|path| is_rust(path)).map(|path| Source::read(path)).collect()
}

/// The text with spaces in place of comments and of what is between quotes.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match &bytes[at..] {
            [b'/', b'/', ..] => line_end(bytes, at),
            [b'/', b'*', ..] => find(bytes, at + 2, b"*/"),
            [b'r', b'"', ..] if is_word_start(bytes, at) => find(bytes, at + 2, b"\""),
            [b'r', b'#', b'"', ..] if is_word_start(bytes, at) => find(bytes, at + 3, b"\"#"),
            [b'"', ..] => string_end(bytes, at),
            [b'\'', b'\\', _, b'\'', ..] => at + 4,
            [b'\'', _, b'\'', ..] => at + 3,
            _ => {
                at += 1;
                continue;
            }
        };
        out[at..end].iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
        at = end;
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn is_word_start(bytes: &[u8], at: usize) -> bool {
    at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_')
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| at + length)
}

/// Just behind the next occurrence of a text.
fn find(bytes: &[u8], at: usize, text: &[u8]) -> usize {
    let found = bytes[at..].windows(text.len()).position(|window| window == text);
    found.map_or(bytes.len(), |length| at + length + text.len())
}

fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// Blanked code up to its tests, which stand at the end of a file. Tests in a file of their own are no end.
fn without_tests(code: &str) -> String {
    let begins_tests = |(at, _): &(usize, &str)| {
        let line = code[*at..].lines().nth(1).unwrap_or_default();
        line.contains("mod ") && line.ends_with('{')
    };
    let end = code.match_indices("#[cfg(test)]").find(begins_tests);
    end.map_or(code, |(at, _)| &code[..at]).to_owned()
}

/// Name, first line and length in lines of each function with a body.
fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let code = blank(text);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ").filter(|(at, _)| is_word_start(code.as_bytes(), *at)) {
        let name: String = code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if let Some(length) = body_end(&code[at..]).filter(|_| !name.is_empty()) {
            let first = code[..at].matches('\n').count() + 1;
            found.push((name, first, code[at..at + length].matches('\n').count() + 1));
        }
    }
    found
}

/// Where the body of the function that starts here ends; `None` for a function without a body.
fn body_end(code: &str) -> Option<usize> {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b'{' => braces += 1,
            b'}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 {
                    return Some(at + 1);
                }
            }
            b';' if braces == 0 && brackets == 0 => return None,
            _ => {}
        }
    }
    None
}

#[track_caller]
fn none(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn files_are_short() {
    let long = sources().into_iter().map(|source| (source.text.lines().count(), source.path));
    let long: Vec<_> =
        long.filter(|(lines, _)| *lines > FILE_LINES_MAX).map(|(lines, path)| format!("{path}: {lines}")).collect();
    none("files of more than 400 lines", &long);
}

#[test]
fn functions_are_short() {
    let mut long = Vec::new();
    for source in sources() {
        for (name, first, lines) in functions(&source.text) {
            if lines > FUNCTION_LINES_MAX {
                long.push(format!("{}:{first}: {name} has {lines} lines", source.path));
            }
        }
    }
    none("functions of more than 60 lines", &long);
}

#[test]
fn the_dataflow_holds_to_its_rules() {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| source.path.starts_with("dataflows/src/")) {
        let forbidden =
            ["HashMap", "todo!", "dbg!", "println!", "eprintln!", "SystemTime", "std::fs", "TcpListener", "UdpSocket"];
        found.extend(forbidden.iter().flat_map(|needle| source.places(needle)));
        // Connections to other processes are handed in ready; nobody here makes one.
        let connections = if source.path.ends_with("src/engine/peers.rs") { "TcpStream::connect" } else { "TcpStream" };
        found.extend(source.places(connections));
        if !source.path.ends_with("src/operators.rs") && !source.path.contains("src/operators/") {
            let unnamed =
                [".arrange_by_key", ".arrange_by_self", ".reduce(", ".reduce_abelian", ".join_core", ".count_total"];
            found.extend(unnamed.iter().flat_map(|needle| source.places(needle)));
        }
    }
    none("what must not be in dataflows/src (arrange and reduce only through operators.rs)", &found);
}

#[test]
fn rules_and_rows_know_no_dataflow_and_views_know_no_view() {
    let strangers: [(&str, &[&str]); 3] = [
        ("dataflows/src/rules/", &["crate::operators", "crate::views", "crate::engine", "timely::", "differential_"]),
        ("dataflows/src/model/", &["crate::operators", "crate::views", "crate::engine", "timely::", "differential_"]),
        ("dataflows/src/views/", &["views::", "super::super"]),
    ];
    let mut found = Vec::new();
    for source in &sources() {
        let of_source = strangers.iter().filter(|(folder, _)| source.path.starts_with(folder));
        found.extend(of_source.flat_map(|(_, names)| *names).flat_map(|name| source.places(name)));
    }
    none("what must not be named: rules and rows are plain data, and only lib.rs knows all views", &found);
}

#[test]
fn watching_and_writing_do_not_know_each_other() {
    let strangers =
        [("src/watch/", "crate::apply"), ("src/apply/", "crate::watch"), ("src/observations/", "crate::apply")];
    // Tests of either may bring both together.
    let found: Vec<_> = sources()
        .iter()
        .filter(|source| !source.path.ends_with("/tests.rs"))
        .flat_map(|source| {
            let of_source = strangers.iter().filter(|(folder, _)| source.path.starts_with(folder));
            of_source.flat_map(|(_, stranger)| source.places(stranger)).collect::<Vec<_>>()
        })
        .collect();
    none("modules that must not know each other; what both need is in src/observations", &found);
}

#[test]
fn nothing_unwraps_outside_of_tests() {
    let sources = sources();
    let product = sources.iter().filter(|source| {
        (source.path.starts_with("src/") || source.path.starts_with("dataflows/src/")) && !source.is_test()
    });
    let found: Vec<_> = product.flat_map(|source| source.places(".unwrap()")).collect();
    none("`.unwrap()`: say in an `expect` why it cannot fail, or handle it", &found);
}

#[test]
fn names_say_what_a_file_is_for() {
    let empty = |part: &str| EMPTY_NAMES.contains(&part.split('.').next().unwrap_or_default());
    let found: Vec<_> = files().iter().map(|path| path.display().to_string()).collect();
    let found: Vec<_> = found.into_iter().filter(|path| path.split('/').any(empty)).collect();
    none("names that say nothing", &found);
}

#[test]
fn each_folder_says_what_must_not_be_in_it() {
    let mut silent = Vec::new();
    for folder in FOLDERS {
        let readme = fs::read_to_string(root().join(folder).join("README.md")).unwrap_or_default();
        // The first paragraph: behind the headings and before the next empty line.
        let lines = readme.lines().skip_while(|line| line.is_empty() || line.starts_with('#'));
        let first: Vec<_> = lines.take_while(|line| !line.is_empty()).map(str::to_lowercase).collect();
        let first = first.join(" ");
        if !["not ", "no ", "never ", "nothing ", "none "].iter().any(|word| first.contains(word)) {
            silent.push(format!("{folder}/README.md"));
        }
    }
    none("READMEs that do not begin with what must not be in the folder", &silent);
}

#[test]
fn functions_are_found_and_measured() {
    let text = "fn one() {\n    \"}\";\n}\ntrait T {\n    fn two();\n}\n// fn three() {\nfn four(x: [u8; 2]) -> u8 {\n    '}';\n    0\n}\n";
    let found = functions(text);
    assert_eq!(found, [("one".to_owned(), 1, 3), ("four".to_owned(), 8, 4)]);
}

#[test]
fn code_ends_where_its_tests_begin() {
    let table = [
        ("a\n#[cfg(test)]\nmod tests {\n}\n", "a\n"),
        ("a\n#[cfg(test)]\npub(crate) mod tests {\n}\n", "a\n"),
        ("#[cfg(test)]\nmod tests;\nb\n", "#[cfg(test)]\nmod tests;\nb\n"),
        ("#[cfg(test)]\nmod testing;\nb\n#[cfg(test)]\nmod tests {\n}\n", "#[cfg(test)]\nmod testing;\nb\n"),
    ];
    for (code, expected) in table {
        assert_eq!(without_tests(code), expected);
    }
}
