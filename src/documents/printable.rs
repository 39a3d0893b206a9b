//! Foreign text in messages.

/// The text without what would steer a terminal or begin a line of its own: such characters are written as escapes.
pub fn printable(text: &str) -> String {
    let mut printable = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || turns_lines(character) {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    printable
}

/// Ends of lines and changes of direction that are no control characters for Unicode.
const fn turns_lines(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_steer_a_terminal() {
        for (text, expected) in [
            ("in/routes.yaml:1: käse \"x\"", "in/routes.yaml:1: käse \"x\""),
            ("a\u{1b}[31mb\nWARN c\r\t", "a\\u{1b}[31mb\\nWARN c\\r\\t"),
            ("\u{9b}2J\u{202e}x\u{2028}", "\\u{9b}2J\\u{202e}x\\u{2028}"),
        ] {
            assert_eq!(printable(text), expected);
        }
    }
}
