//! What is refused, where, and with which words.

use super::*;

#[test]
fn errors_say_where_and_what_instead() {
    for (text, at, part) in [
        ("teir:pro", "teir", "The nearest is tier."),
        ("xyzzy:pro", "xyzzy", "There are: name, owner, tier"),
        ("http://x", "http", "put it in quotes"),
        ("a 10:30", "10", "put it in quotes"),
        (":x", ":", "no column before “:”"),
        (">26h", ">", "no column before “>”"),
        ("s:x", "s", "“s” could be size or status."),
        ("acme = x", "acme", "no column “acme”"),
        ("age>26", "26", "“26” is no age"),
        ("age>26parsecs", "26parsecs", "units of s, m, h"),
        ("age>99999999999999999999y", "99999999999999999999y", "is no age"),
        ("age=26h", "26h", "never stands still"),
        ("age:26h", "26h", "Compare it, as in age>26h."),
        ("age:/2/", "/2/", "Compare it"),
        ("size:10", "10", "size>=10GB"),
        ("size>10XB", "10XB", "is no size"),
        ("size>1.GB", "1.GB", "is no size"),
        ("restarts>many", "many", "is no whole number"),
        ("restarts>-1", "-1", "is no whole number"),
        ("health=haelthy", "haelthy", "The nearest is healthy."),
        ("health:blue", "blue", "There are: failed, degraded"),
        ("age>", "age>", "> needs a value"),
        ("(age >)", "age >", "> needs a value"),
        ("tier=/pro/", "/", "Write it after a colon"),
        ("age=>5h", ">", "The comparisons are"),
        ("\"acme", "\"acme", "Close it with \""),
        ("\"\"", "\"\"", "nothing between"),
        ("//", "//", "nothing between"),
        ("tier:\"\"", "\"\"", "nothing between"),
        ("/acme", "/acme", "Close it with /"),
        ("/var/lib", "l", "“/var/” runs into what follows"),
        ("acme\"x\"", "\"", "“acme” runs into"),
        ("\"x\"acme", "a", "Put a space"),
        ("acme(x)", "(", "Put a space"),
        ("tier:(x)", "(", "runs into"),
        ("age<1h(acme or beta)", "(", "“1h” runs into"),
        ("/(/", "/(/", "unclosed group"),
        ("tier:/[/", "/[/", "This isn't a regular expression"),
        ("/(\\w{1000}){1000}/", "/(\\w{1000}){1000}/", "too much memory"),
        ("acme or", "or", "missing after"),
        ("or acme", "or", "missing before"),
        ("acme and and b", "and", "missing before"),
        ("!", "!", "missing after"),
        ("()", "()", "nothing in these"),
        ("(acme", "(", "never closed"),
        ("acme)", ")", "There is no ( for this"),
        ("(acme or )", ")", "missing before"),
    ] {
        let error = Query::parse(text, COLUMNS).expect_err(text);
        assert_eq!(&text[error.at.clone()], at, "{text}: {error}");
        assert!(error.message.contains(part), "{text}: {error}");
        assert!(error.message.ends_with('.'), "{error}");
    }
}

#[test]
fn messages_show_hostile_text_instead_of_sending_it() {
    let error = Query::parse("\u{1b}]0;x\u{7}\u{202e}:y", COLUMNS).expect_err("no such column");
    assert!(!error.message.chars().any(Text::is_hostile), "{error}");
    let long = format!("{}:y", "x".repeat(900));
    let error = Query::parse(&long, COLUMNS).expect_err("no such column");
    assert!(error.message.len() < 300, "{error}");
}

#[test]
fn sizes_are_bounded() {
    let nested = |depth: usize| format!("{}acme{}", "(".repeat(depth), ")".repeat(depth));
    let atoms = |count: usize| vec!["a"; count].join(" ");
    for (text, fits) in [
        (nested(Query::MAX_DEPTH), true),
        (nested(Query::MAX_DEPTH + 1), false),
        ("(a) ".repeat(40), true),
        (atoms(Query::MAX_ATOMS), true),
        (atoms(Query::MAX_ATOMS + 1), false),
        ("!".repeat(1000) + "a", true),
        ("a".repeat(Query::MAX_BYTES), true),
        ("a".repeat(Query::MAX_BYTES + 1), false),
        (format!("{}й", "a".repeat(Query::MAX_BYTES - 1)), false),
        (format!("o:{} o:y", "x".repeat(1016)), false),
    ] {
        let parsed = Query::parse(&text, COLUMNS);
        assert_eq!(parsed.is_ok(), fits, "{text}");
        if let Err(error) = parsed {
            assert!(text.get(error.at.clone()).is_some_and(|at| !at.is_empty()), "{error:?}");
        }
    }
}
