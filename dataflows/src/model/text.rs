use arcstr::literal;

/// Text that many rows share: one pointer wide, as most rows hold several.
pub type Text = arcstr::ArcStr;

/// A text. The words that most objects of a cluster have in common take no room.
pub fn text(word: &str) -> Text {
    match word {
        "default" => literal!("default"),
        "grpc" => literal!("grpc"),
        "http" => literal!("http"),
        "http2" => literal!("http2"),
        "https" => literal!("https"),
        "tcp" => literal!("tcp"),
        "tls" => literal!("tls"),
        "web" => literal!("web"),
        _ => Text::from(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_word_takes_no_room_and_says_what_it_said() {
        for (word, common) in [("http", true), ("default", true), ("", true), ("shop", false)] {
            let made = text(word);
            assert_eq!((made.as_str(), Text::as_static(&made).is_some()), (word, common), "{word:?}");
        }
    }
}
