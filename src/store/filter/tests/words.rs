//! How close a word must be.

use super::*;

pub(super) fn word_hits(word: &str, text: &str) -> bool {
    fuzzy::Word::new(word).expect("a word").hits(text, &mut Scratch::new())
}

#[test]
fn words_hit_what_is_close_and_miss_what_is_scattered() {
    for (word, text) in [
        ("acme", "acme"),
        ("acme", "acme-staging.planapulse.dev"),
        ("acme", "x-acme"),
        ("acme", "bigacmecorp"),
        ("cme", "acme"),
        ("plnapp", "plana.app"),
        ("acst", "acme-staging"),
        ("acmestg", "acme-staging"),
        ("odoo18", "plana-odoo-18"),
        ("wrkodoo", "worker-odoo-test"),
        ("planpulse", "plana-pulse-eg-lb"),
        ("pg01", "pg01.planapulse.com"),
        ("tmplt", "template"),
        ("sof1", "bg-sof-1"),
        ("provisioned", "client.provisioned"),
        ("clientprov", "client.provisioned"),
        ("ceo@acme", "ceo@acme.bg"),
        ("acme", "a-c-company-me-east-acme"),
        ("софия", "Магазин София ЕООД"),
        ("магсоф", "Магазин София ЕООД"),
        ("café", "cafe-central"),
        ("cafe", "Café Central"),
    ] {
        assert!(word_hits(word, text), "{word} should hit {text}");
    }
    for (word, text) in [
        ("acme", "a-c-company-me-east"),
        ("acme", "alpha-centauri-mail-express"),
        ("acme", "academy-theme"),
        ("acme", "xaxcxmxe"),
        ("acme", "ace"),
        ("acme", "emca"),
        ("ac", "a-c"),
        ("ac", "alphabetic"),
        ("beta", "boutique-east-tampa"),
        ("demo", "data-export-monitor"),
        ("shop", "sofia-hotel-optic"),
        ("pro", "plana-redis-odoo"),
        ("error", "the reconciler of plana-odoo-18 retried for hours"),
        ("failed", "flux applied infra and is healthy indeed"),
        ("timeout", "tenant is moved, but has no route up to"),
        ("софия", "Стара Оферта, Фирма Изток, Я"),
    ] {
        assert!(!word_hits(word, text), "{word} should miss {text}");
    }
}

#[test]
fn one_word_picks_few_of_a_fleet() {
    const FIRST: [&str; 20] = [
        "acme", "balkan", "cedar", "delta", "elit", "fresh", "global", "hemus", "iskar", "kamen",
        "lazur", "mesta", "nova", "orbita", "pirin", "rila", "sofia", "trakia", "vitosha", "zora",
    ];
    const SECOND: [&str; 12] = [
        "auto",
        "build",
        "clinic",
        "dental",
        "energy",
        "foods",
        "hotel",
        "logistics",
        "market",
        "pharma",
        "travel",
        "wood",
    ];
    let fleet: Vec<_> =
        FIRST.iter().flat_map(|a| SECOND.iter().map(move |b| format!("{a}-{b}"))).collect();
    let mut scratch = Scratch::new();
    let mut hits = |word: &str| {
        let word = fuzzy::Word::new(word).expect("a word");
        fleet.iter().filter(|name| word.hits(name, &mut scratch)).count()
    };
    for name in FIRST {
        let (right, all) = (SECOND.len(), hits(name));
        assert_eq!(all, right, "{name} hits {all} of {} names instead of {right}", fleet.len());
    }
    for name in SECOND {
        let (right, all) = (FIRST.len(), hits(name));
        assert!((right..=right + 2).contains(&all), "{name} hits {all} instead of {right}");
    }
}

#[test]
fn long_texts_are_searched_to_their_end() {
    for filler in ["-x", "-й"] {
        let text = format!("{}acme", filler.repeat(fuzzy::WINDOW));
        assert!(word_hits("acme", &text));
        assert!(!word_hits("acmf", &text));
    }
    let long = "ab".repeat(fuzzy::LETTERS_MAX);
    assert!(word_hits(&long, &format!("x{long}x")));
    assert!(!word_hits(&long, &format!("{}-{}", &long[..40], &long[40..])));
}
