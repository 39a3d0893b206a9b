//! What RE2 compiles: its syntax, read as its parser reads it, without making anything of it.
//!
//! Other dialects are near, and each differs in something that users write: braces that are no count, stacked
//! repetitions, operations on character classes, names of properties.
//!
//! <https://github.com/google/re2/blob/2025-11-05/re2/parse.cc>, <https://github.com/google/re2/wiki/Syntax>

use super::properties::size_of_property;

/// What RE2 takes at most, all counts inside of each other multiplied.
const REPETITIONS_MAX: u64 = 1000;

/// Instructions that fit the memory that RE2 takes for an expression.
const SIZE_MAX: u64 = 699_000;

/// Instructions at most of: a letter with its other cases, one beyond ASCII, a class, one member of a class, a range
/// beyond ASCII in a class, a group or repetition besides what it holds.
const LETTER: u64 = 5;
const WIDE_LETTER: u64 = 12;
const CLASS: u64 = 12;
const MEMBER: u64 = 10;
const WIDE_RANGE: u64 = 100;
const AROUND: u64 = 2;

/// Whether RE2 compiles the expression with the options of Envoy, which are the default ones.
pub(super) fn compiles(expression: &str) -> bool {
    let scan = Scan { rest: expression, groups: vec![Group::default()] };
    scan.whole().is_some()
}

/// A part of an expression.
#[derive(Clone, Copy, Default)]
struct Part {
    /// Instructions at most.
    size: u64,
    /// How often the innermost part is repeated by counts.
    repetitions: u64,
}

impl Part {
    const fn of(size: u64) -> Self {
        Self { size, repetitions: 1 }
    }

    fn and(self, other: Self) -> Self {
        Self { size: self.size.saturating_add(other.size), repetitions: self.repetitions.max(other.repetitions).max(1) }
    }
}

/// A group that is still open, or the whole expression.
#[derive(Default)]
struct Group {
    before: Part,
    /// What a repetition would repeat; none where an alternative begins.
    last: Option<Part>,
}

impl Group {
    fn push(&mut self, part: Part) {
        self.settle();
        self.last = Some(part);
    }

    fn settle(&mut self) {
        self.before = self.before.and(self.last.take().unwrap_or_default());
    }
}

/// What is left to read. Its functions are `None` where RE2 would refuse.
struct Scan<'a> {
    rest: &'a str,
    groups: Vec<Group>,
}

impl<'a> Scan<'a> {
    fn whole(mut self) -> Option<()> {
        let mut after_repetition = false;
        while !self.rest.is_empty() {
            let repetition = self.repetition();
            match repetition {
                Some(_) if after_repetition => return None,
                Some((least, most)) => self.repeat(least, most)?,
                None => self.item()?,
            }
            after_repetition = repetition.is_some();
        }
        let part = self.close()?;
        (self.groups.is_empty() && part.size <= SIZE_MAX).then_some(())
    }

    /// How often what stands before is repeated, at least and at most, if a repetition comes next.
    fn repetition(&mut self) -> Option<(u64, Option<u64>)> {
        let (times, rest) = match self.rest.chars().next()? {
            '*' => ((0, None), &self.rest[1..]),
            '+' => ((1, None), &self.rest[1..]),
            '?' => ((0, Some(1)), &self.rest[1..]),
            '{' => count(&self.rest[1..])?,
            _ => return None,
        };
        self.rest = rest.strip_prefix('?').unwrap_or(rest);
        Some(times)
    }

    fn repeat(&mut self, least: u64, most: Option<u64>) -> Option<()> {
        let last = self.groups.last_mut()?.last.as_mut()?;
        if most.is_some_and(|most| most < least) || least.max(most.unwrap_or(0)) > REPETITIONS_MAX {
            return None;
        }
        let times = most.unwrap_or(least).max(1);
        last.repetitions = last.repetitions.saturating_mul(times);
        last.size = (last.size + AROUND).saturating_mul(times).saturating_add(AROUND);
        (times == 1 || last.repetitions <= REPETITIONS_MAX).then_some(())
    }

    fn item(&mut self) -> Option<()> {
        match self.rest.chars().next()? {
            '(' => return self.open(),
            ')' => {
                self.next();
                let part = self.close()?;
                self.groups.last_mut()?.push(part.and(Part::of(AROUND)));
            }
            '|' => {
                self.next();
                self.groups.last_mut()?.settle();
                self.push(AROUND);
                self.groups.last_mut()?.settle();
            }
            '[' => {
                let size = self.class()?;
                self.push(size);
            }
            '\\' => return self.escaped(),
            _ => {
                let letter = self.next()?;
                self.push(if letter == '.' { CLASS } else { size_of(letter) });
            }
        }
        Some(())
    }

    /// The group that ends here.
    fn close(&mut self) -> Option<Part> {
        let mut group = self.groups.pop()?;
        group.settle();
        Some(group.before)
    }

    fn push(&mut self, size: u64) {
        if let Some(group) = self.groups.last_mut() {
            group.push(Part::of(size));
        }
    }

    /// What begins with a parenthesis: a group, perhaps with a name or flags, or flags alone.
    fn open(&mut self) -> Option<()> {
        self.next();
        if !self.take("?") {
            self.groups.push(Group::default());
            return Some(());
        }
        if self.take("P<") || self.take("<") {
            let (name, rest) = self.rest.split_once('>')?;
            let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            self.rest = rest;
            self.groups.push(Group::default());
            return is_name.then_some(());
        }
        // Whether flags are taken away, and whether one has been named since.
        let (mut negated, mut named) = (false, false);
        loop {
            match self.next()? {
                'i' | 'm' | 's' | 'U' => named = true,
                '-' if !negated => (negated, named) = (true, false),
                ':' if named || !negated => {
                    self.groups.push(Group::default());
                    return Some(());
                }
                ')' if named || !negated => return Some(()),
                _ => return None,
            }
        }
    }

    /// What begins with a backslash outside of a class.
    fn escaped(&mut self) -> Option<()> {
        if self.is_any_of(&["\\b", "\\B", "\\A", "\\z", "\\C"]) {
            self.push(1);
        } else if self.take("\\Q") {
            let (quoted, rest) = self.rest.split_once("\\E").unwrap_or((self.rest, ""));
            quoted.chars().for_each(|letter| self.push(size_of(letter)));
            self.rest = rest;
        } else if self.is_any_of(&PERL_CLASSES) {
            self.push(CLASS + MEMBER);
        } else if self.is_any_of(&["\\p", "\\P"]) {
            let size = self.property()?;
            self.push(size);
        } else {
            let letter = self.escape()?;
            self.push(if letter < 0x80 { LETTER } else { WIDE_LETTER });
        }
        Some(())
    }

    /// The property that follows `\p`, and the instructions it takes.
    fn property(&mut self) -> Option<u64> {
        let name = if self.take("{") {
            let (name, rest) = self.rest.split_once('}')?;
            self.rest = rest;
            name
        } else {
            let letter = self.rest.chars().next()?.len_utf8();
            let (name, rest) = self.rest.split_at(letter);
            self.rest = rest;
            name
        };
        size_of_property(name.strip_prefix('^').unwrap_or(name))
    }

    /// A class in brackets, and the instructions it takes.
    fn class(&mut self) -> Option<u64> {
        self.next();
        self.take("^");
        let mut size = CLASS;
        let mut first = true;
        // A bracket that comes first stands for itself.
        while first || !self.rest.starts_with(']') {
            first = false;
            size += if let Some(name) = self.posix_class() {
                POSIX_CLASSES.contains(&name).then_some(MEMBER)?
            } else if self.is_any_of(&["\\p", "\\P"]) {
                self.property()?
            } else if self.is_any_of(&PERL_CLASSES) {
                2 * MEMBER
            } else {
                self.range()?
            };
        }
        self.next();
        Some(size)
    }

    /// The name of a class in a class, such as `[:alpha:]`.
    fn posix_class(&mut self) -> Option<&'a str> {
        let (name, rest) = self.rest.strip_prefix("[:")?.split_once(":]")?;
        self.rest = rest;
        Some(name.strip_prefix('^').unwrap_or(name))
    }

    /// A letter or a range of them in a class. A dash that comes last stands for itself.
    fn range(&mut self) -> Option<u64> {
        let low = self.letter()?;
        let mut high = low;
        if self.rest.starts_with('-') && self.rest.len() > 1 && !self.rest.starts_with("-]") {
            self.next();
            high = self.letter()?;
        }
        (low <= high).then_some(if high < 0x80 { MEMBER } else { WIDE_RANGE })
    }

    fn letter(&mut self) -> Option<u32> {
        if self.rest.starts_with('\\') { self.escape() } else { self.next().map(u32::from) }
    }

    /// The letter that an escape stands for.
    fn escape(&mut self) -> Option<u32> {
        self.next();
        match self.next()? {
            letter @ '0'..='7' => {
                let is_octal = |scan: &Self| scan.rest.starts_with(|next: char| ('0'..='7').contains(&next));
                // Another single digit would refer to a group.
                if letter != '0' && !is_octal(self) {
                    return None;
                }
                let mut code = letter.to_digit(8)?;
                for _ in 0..2 {
                    if is_octal(self) {
                        code = code * 8 + self.next()?.to_digit(8)?;
                    }
                }
                Some(code)
            }
            'x' if self.take("{") => {
                let (digits, rest) = self.rest.split_once('}')?;
                self.rest = rest;
                hexadecimal(digits).filter(|code| *code <= u32::from(char::MAX))
            }
            'x' => {
                let (digits, rest) = self.rest.split_at_checked(2)?;
                self.rest = rest;
                hexadecimal(digits)
            }
            'a' => Some(0x07),
            't' => Some(0x09),
            'n' => Some(0x0a),
            'v' => Some(0x0b),
            'f' => Some(0x0c),
            'r' => Some(0x0d),
            letter => (letter.is_ascii() && !letter.is_ascii_alphanumeric()).then_some(letter.into()),
        }
    }

    fn next(&mut self) -> Option<char> {
        let mut letters = self.rest.chars();
        let next = letters.next();
        self.rest = letters.as_str();
        next
    }

    /// Whether a text comes next, which then is read.
    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn is_any_of(&mut self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.take(text))
    }
}

const PERL_CLASSES: [&str; 6] = ["\\d", "\\D", "\\s", "\\S", "\\w", "\\W"];

const POSIX_CLASSES: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
];

const fn size_of(letter: char) -> u64 {
    if letter.is_ascii() { LETTER } else { WIDE_LETTER }
}

/// A count in braces, of which the first is read, and what follows. Other braces stand for themselves.
fn count(text: &str) -> Option<((u64, Option<u64>), &str)> {
    let (least, rest) = number(text)?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some(((least, Some(least)), rest));
    }
    let rest = rest.strip_prefix(',')?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Some(((least, None), rest));
    }
    let (most, rest) = number(rest)?;
    Some(((least, Some(most)), rest.strip_prefix('}')?))
}

/// A number of at most nine digits, without zeros before it.
fn number(text: &str) -> Option<(u64, &str)> {
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let (number, rest) = text.split_at(digits);
    let is_number = digits == 1 || digits < 10 && !number.starts_with('0');
    is_number.then_some(())?;
    Some((number.parse().ok()?, rest))
}

fn hexadecimal(digits: &str) -> Option<u32> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| is_number)
}
