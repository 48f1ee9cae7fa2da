//! The valid name nearest to a misspelled one.

/// Longer words are compared with nothing.
const LONGEST: usize = 64;

/// The candidate at the smallest edit distance, if it is near enough to be meant: at most a third
/// of the word changed, and at least one character. The first of equals wins; case is ignored.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    if length == 0 || length > LONGEST {
        return None;
    }
    let limit = (length / 3).max(1);
    candidates
        .into_iter()
        .filter(|name| name.chars().count().abs_diff(length) <= limit)
        .map(|name| (strsim::damerau_levenshtein(&word, &name.to_lowercase()), name))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn suggests_only_what_could_be_meant() {
        let names = ["theme", "time_zone", "mouse", "color"];
        for (word, expected) in [
            ("themee", Some("theme")),
            ("THEME", Some("theme")),
            ("tmie_zone", Some("time_zone")),
            ("colour", Some("color")),
            ("xyz", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, names), expected, "{word}");
        }
        assert_eq!(nearest(&"theme".repeat(200_000), names), None);
    }
}
