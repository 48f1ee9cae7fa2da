//! What holds of every text.

use proptest::prelude::*;

use super::words::word_hits;
use super::*;

/// Texts that are made of pieces of the grammar.
fn grammatical() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(vec![
            "acme", "and", "or", "not", "!", "(", ")", "&&", "||", "&", "\"", "/", "\\", "\\/", ":",
            "=", "<", ">=", "!=", "tier:", "age>", "size>=", "health<", "restarts=", "s", "t:",
            "26h", "10GB", "1.5TiB", "deg", "5", "\"a b\"", "\"a\\\"\"", "/x\\/y/", "/(a|b)+/",
            "tier:pro", "age>2d4h", "backup:", "й", "tier=\"/x\"", "x/y", "[", "*",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,3}",
    ];
    let gap = prop::sample::select(vec!["", " ", " "]);
    prop::collection::vec((piece, gap), 0..14)
        .prop_map(|parts| parts.into_iter().map(|(piece, gap)| piece + gap).collect())
}

/// Texts that are filters.
fn valid() -> impl Strategy<Value = String> {
    let atom = prop::sample::select(vec![
        "acme",
        "\"a b\"",
        "\"a\\\\\"",
        "/x\\/y/",
        "tier:pro",
        "tier:\"a b\"",
        "tier:/^p/",
        "o:",
        "age>2d4h",
        "backup<90s",
        "size>=1.5TB",
        "size<3000",
        "health:deg",
        "restarts!=3",
        "tier=x",
        "tier!=\"(x)\"",
        "version >= 18",
        "й",
    ])
    .prop_map(str::to_owned);
    atom.prop_recursive(4, 24, 3, |inner| {
        let pair =
            (inner.clone(), prop::sample::select(vec![" ", " and ", "||", " or "]), inner.clone());
        prop_oneof![
            pair.prop_map(|(a, joint, b)| format!("{a}{joint}{b}")),
            inner.clone().prop_map(|a| format!("({a})")),
            inner.clone().prop_map(|a| format!("!({a})")),
            inner.prop_map(|a| format!("not {a}")),
        ]
    })
}

fn check_any_text(text: &str) {
    match Query::parse(text, COLUMNS) {
        Ok(query) => {
            let canonical = query.to_string();
            let again = Query::parse(&canonical, COLUMNS);
            assert_eq!(again.as_ref(), Ok(&query), "{text:?} became {canonical:?}");
            assert_eq!(again.expect("equal").to_string(), canonical);
            let (rows, mut scratch) = (rows(), Scratch::new());
            for slot in rows.slots() {
                let passes = query.matches(&rows, slot, NOW, &mut scratch);
                assert_eq!(query.matches(&rows, slot, NOW, &mut scratch), passes);
            }
        }
        Err(error) => {
            assert!(text.get(error.at.clone()).is_some_and(|at| !at.is_empty()), "{error:?}");
            assert!(!error.message.chars().any(Text::is_hostile), "{error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_text_is_a_query_or_an_error_inside_it(text in any::<String>()) {
        check_any_text(&text);
    }

    #[test]
    fn pieces_of_the_grammar_are_a_query_or_an_error(text in grammatical()) {
        check_any_text(&text);
    }

    #[test]
    fn canonical_text_asks_the_same(text in valid()) {
        prop_assume!(text.len() < 600);
        let parsed = query(&text);
        check_any_text(&text);
        prop_assert_eq!(passing(&text), passing(&parsed.to_string()));
    }

    #[test]
    fn negation_keeps_the_others(text in valid()) {
        prop_assume!(text.len() < 600);
        let (kept, others) = (passing(&text), passing(&format!("!({text})")));
        prop_assert!("apb".chars().all(|row| kept.contains(row) != others.contains(row)));
    }

    #[test]
    fn completions_and_highlights_take_any_text(
        text in grammatical(), cell in any::<String>(), cursor in 0_usize..60,
    ) {
        let range = completing(&text, cursor, COLUMNS);
        prop_assert!(text.get(range).is_some());
        prop_assert!(completions(&text, cursor, COLUMNS).len() <= 16);
        if let Ok(query) = Query::parse(&text, COLUMNS) {
            let ranges = query.highlights(0, &cell, &mut Scratch::new());
            prop_assert!(ranges.iter().all(|range| cell.get(range.clone()).is_some()));
            prop_assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start));
        }
    }

    #[test]
    fn a_word_hits_every_text_that_holds_it(
        word in "[a-zа-я0-9]{1,70}", before in "\\PC{0,40}", after in "\\PC{0,40}",
    ) {
        let text = format!("{before}{word}{after}");
        prop_assert!(word_hits(&word, &text), "{} in {}", word, text);
    }
}
