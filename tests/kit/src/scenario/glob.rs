/// Whether a text matches a pattern in which `*` stands for any text.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            let cuts = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
            cuts.into_iter().any(|at| matches(tail, &rest[at..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches("web-*", "web-1"));
        assert!(matches("*/shop/web-*", "MeshHTTPRoute/shop/web-"));
        assert!(matches("web", "web"));
        assert!(!matches("web", "web-1"));
        assert!(!matches("web-*-x", "web-1"));
    }
}
