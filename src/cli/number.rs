use std::num::NonZeroUsize;

/// Threads or processes at most: each costs memory before it does anything, and no machine is helped by more.
const NUMBER_MAX: usize = 256;

/// Reads how many threads or processes there shall be.
pub(super) fn number(text: &str) -> Result<NonZeroUsize, String> {
    let number = text.parse().ok().filter(|number: &NonZeroUsize| number.get() <= NUMBER_MAX);
    number.ok_or_else(|| format!("write a whole number from 1 to {NUMBER_MAX}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_bounds() {
        for (text, expected) in
            [("1", Some(1)), ("256", Some(256)), ("0", None), ("257", None), ("-1", None), ("x", None)]
        {
            assert_eq!(number(text).ok().map(NonZeroUsize::get), expected, "{text}");
        }
    }
}
