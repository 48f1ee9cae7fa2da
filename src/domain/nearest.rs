//! The valid name nearest to a misspelled one.

/// Longer words are compared with nothing.
const LONGEST: usize = 64;

/// The name of `names` that `word` was probably meant to be, if any is near enough: the one whose last part it is
/// (`down` for `cursor.down`), else the one that is the fewest typing mistakes away, at most a third of the longer of
/// the two, else the only one that begins with it. The first of equals wins; case is ignored.
#[must_use]
pub fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    if length == 0 || length > LONGEST {
        return None;
    }
    let mut best: Option<(usize, &str)> = None;
    let mut beginning: Vec<&str> = Vec::new();
    for name in names {
        let candidate = name.to_lowercase();
        let long = candidate.chars().count();
        if candidate.rsplit_once('.').is_some_and(|(_, last)| last == word) {
            return Some(name);
        }
        if length > 2 && candidate.starts_with(&word) && beginning.len() < 2 {
            beginning.push(name);
        }
        let most = length.max(long) / 3;
        if long.abs_diff(length) > most {
            continue;
        }
        let mistakes = strsim::damerau_levenshtein(&word, &candidate);
        if mistakes <= most && mistakes < length && best.is_none_or(|(fewest, _)| mistakes < fewest)
        {
            best = Some((mistakes, name));
        }
    }
    match (best, beginning.as_slice()) {
        (Some((_, name)), _) => Some(name),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn suggests_only_what_could_be_meant() {
        let names =
            ["theme", "time_zone", "mouse", "color", "cursor.down", "cursor.up", "app.quit", "tab"];
        for (word, expected) in [
            ("themee", Some("theme")),
            ("THEME", Some("theme")),
            ("tmie_zone", Some("time_zone")),
            ("colour", Some("color")),
            ("cursor.dwon", Some("cursor.down")),
            ("Cursor.Up", Some("cursor.up")),
            ("down", Some("cursor.down")),
            ("app.qiut", Some("app.quit")),
            ("tba", Some("tab")),
            ("time", Some("time_zone")),
            ("no", None),
            ("xyz", None),
            ("make coffee", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, names), expected, "{word}");
        }
        assert_eq!(nearest(&"theme".repeat(200_000), names), None);
    }
}
