//! What is drawn of a filter: highlights, completions, help.

use super::*;

#[test]
fn highlights_show_what_was_looked_for() {
    let marked = |filter: &str, column: usize, text: &str| {
        let mut shown = String::new();
        let mut end = 0;
        for range in query(filter).highlights(column, text, &mut Scratch::new()) {
            shown += &text[end..range.start];
            shown += "[";
            shown += &text[range.clone()];
            shown += "]";
            end = range.end;
        }
        shown + &text[end..]
    };
    for (filter, column, text, shown) in [
        ("acme", 0, "acme-acme", "[acme]-[acme]"),
        ("plnapp", 0, "plana.app", "[pl]a[n]a.[app]"),
        ("соф", 1, "Магазин София", "Магазин [Соф]ия"),
        ("магсоф", 1, "é Магазин София", "é [Маг]азин [Соф]ия"),
        ("!acme", 0, "acme", "acme"),
        ("!(!acme)", 0, "acme", "[acme]"),
        ("acme", 2, "acme", "acme"),
        ("tier:pro", 2, "PRO", "[PRO]"),
        ("tier:pro", 0, "pro", "pro"),
        ("/[0-9]+/ or x*", 0, "a1b22", "a[1]b[22]"),
        ("/x*/", 0, "axxa", "a[xx]a"),
        ("ab bc", 0, "abc", "[abc]"),
        ("acme", 99, "acme", "acme"),
        ("d", 4, "degraded", "[d]egra[d]e[d]"),
    ] {
        assert_eq!(marked(filter, column, text), shown, "{filter}");
    }
    let many = query("x").highlights(0, &"x-".repeat(500), &mut Scratch::new());
    assert_eq!(many.len(), Query::MAX_HIGHLIGHTS);
}

#[test]
fn completions_name_columns_and_healths() {
    for (before, after, range, given) in [
        ("ti", "", 0..2, &["tier:"][..]),
        ("acme !S", "", 6..7, &["size>", "status:"]),
        ("(re", "start)", 1..3, &["restarts>"]),
        ("o", "", 0..1, &["owner:"]),
        (
            "health:",
            "",
            0..7,
            &[
                "health:failed",
                "health:degraded",
                "health:progressing",
                "health:unknown",
                "health:healthy",
            ],
        ),
        ("x heal<=de", "", 2..10, &["health<=degraded"]),
        ("health!=h", "", 0..9, &["health!=healthy"]),
        ("health:x", "", 0..8, &[]),
        ("zzz", "", 0..3, &[]),
        ("tier:p", "", 6..6, &[]),
        ("\"ti", "", 3..3, &[]),
        ("/ti", "", 3..3, &[]),
        ("tier:\"ti", "", 8..8, &[]),
        ("a &&", "", 4..4, &[]),
    ] {
        let text = format!("{before}{after}");
        assert_eq!(completions(&text, before.len(), COLUMNS), given, "{text}");
        assert_eq!(completing(&text, before.len(), COLUMNS), range, "{text}");
    }
    assert_eq!(completions("", 0, COLUMNS).len(), COLUMNS.len());
    assert_eq!(completions("acme ", 5, COLUMNS).len(), COLUMNS.len());
    assert_eq!(completions("health<", 7, COLUMNS).len(), Health::ALL.len());
}

#[test]
fn every_example_parses_and_is_in_the_help() {
    for Example { written, keeps } in EXAMPLES {
        assert!(!query(written).is_empty(), "{written}");
        assert!(help().contains(written) && help().contains(keeps));
    }
    assert!(!query("heal<=degraded").is_empty());
    assert!(help().lines().all(|line| line.len() <= 100), "{}", help());
}
