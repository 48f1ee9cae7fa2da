//! Questions to Loki, put together safely.

use super::{LogSource, Text};

impl LogSource {
    /// The log of what `query` of Loki finds in which all of `words` stand.
    #[must_use]
    pub fn loki<'w>(query: &str, words: impl IntoIterator<Item = &'w str>) -> Self {
        let mut asked = query.trim().to_owned();
        for word in words {
            asked.push_str(" |= ");
            quote(&mut asked, word);
        }
        Self::Loki { query: Text::clean(&asked) }
    }
}

/// Appends `word` as a string of Loki's language: no word can end it.
fn quote(out: &mut String, word: &str) {
    use std::fmt::Write as _;
    out.push('"');
    for char in word.chars() {
        match char {
            '"' | '\\' => out.extend(['\\', char]),
            // Writing to a string can't fail.
            char if Text::is_hostile(char) && u32::from(char) > 0xffff => {
                let _ = write!(out, "\\U{:08x}", u32::from(char));
            }
            char if Text::is_hostile(char) => {
                let _ = write!(out, "\\u{:04x}", u32::from(char));
            }
            char => out.push(char),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_words() {
        for (words, query) in [
            (&[] as &[&str], r#"{a="b"}"#),
            (&["acme"], r#"{a="b"} |= "acme""#),
            (&["acme", "x"], r#"{a="b"} |= "acme" |= "x""#),
            (&[r#"" or {c="d"} |= ""#], r#"{a="b"} |= "\" or {c=\"d\"} |= \"""#),
            (&[r"back\slash`"], r#"{a="b"} |= "back\\slash`""#),
            (&["line\nbreak\u{202e}"], r#"{a="b"} |= "line\u000abreak\u202e""#),
            (&["\u{e0041}"], r#"{a="b"} |= "\U000e0041""#),
        ] {
            let source = LogSource::loki(" {a=\"b\"} ", words.iter().copied());
            assert_eq!(source, LogSource::Loki { query: query.into() });
        }
    }
}
