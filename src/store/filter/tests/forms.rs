//! What each form of the grammar keeps.

use super::*;

#[test]
fn every_form_keeps_what_it_says() {
    for (text, kept) in [
        ("", "apb"),
        ("  \t ", "apb"),
        ("acme", "a"),
        ("ACME", "a"),
        ("проба", "p"),
        ("cafe", "b"),
        ("pldemo", "p"),
        ("degraded", "p"),
        ("pro", ""),
        ("ac", "a"),
        ("ae", ""),
        ("\"acme corp\"", "a"),
        ("\"ООД\"", "p"),
        ("\"пРоба оод\"", "p"),
        ("\"(sofia)\"", "b"),
        ("\"and\"", ""),
        ("/^acme$/", "a"),
        ("/^Acme/", "a"),
        ("/^ACME/", ""),
        ("/a\\/s/", "b"),
        ("/^\\S+$/", "apb"),
        ("/o/ /p$/", "ab"),
        ("tier:PRO", "a"),
        ("tier:pr", "ap"),
        ("tier:\"prise pl\"", "p"),
        ("tier:/^pro|x$/", "a"),
        ("tier:", "ap"),
        ("!tier:", "b"),
        ("(tier:)", "ap"),
        ("status:", ""),
        ("tier=pro", "a"),
        ("tier==pro", "a"),
        ("tier=\"enterprise plus\"", "p"),
        ("tier!=pro", "pb"),
        ("tier=pr", ""),
        ("version<18", "p"),
        ("version>=18", "ab"),
        ("version>18", "b"),
        ("name<b", "a"),
        ("restarts>=5", "pb"),
        ("restarts > 5", "p"),
        ("restarts:5", "b"),
        ("restarts:/5/", "pb"),
        ("restarts!=0", "pb"),
        ("restarts<=0", "a"),
        ("size>=10GB", "a"),
        ("size>12.4G", ""),
        ("size>=12.4G", "a"),
        ("size=1GiB", "b"),
        ("size<1kB", "p"),
        ("age>26h", "a"),
        ("age>=26h", "ap"),
        ("age<1m1s", "b"),
        ("age<1.5m", "b"),
        ("age>1w", "a"),
        ("backup>24h", "p"),
        ("backup<24h", "a"),
        ("!backup<24h", "pb"),
        ("backup:", "ap"),
        ("health=healthy", "a"),
        ("health!=healthy", "pb"),
        ("health<degraded", "b"),
        ("health<=degraded", "pb"),
        ("health>failed", "ap"),
        ("health:deg", "p"),
        ("heal=f", "b"),
        ("health:/^.{6}$/", "b"),
        ("!acme", "pb"),
        ("not acme", "pb"),
        ("!!acme", "a"),
        ("! not acme", "a"),
        ("!(acme or beta)", "p"),
        ("acme or beta", "ab"),
        ("acme || beta", "ab"),
        ("acme||beta", "ab"),
        ("acme beta", ""),
        ("acme && healthy", "a"),
        ("acme AND healthy", "a"),
        ("acme or beta age<1h", "ab"),
        ("(acme or beta) age<1h", "b"),
        ("acme or(beta)", "ab"),
        ("not(acme)", "pb"),
    ] {
        assert_eq!(passing(text), kept, "{text}");
    }
}

#[test]
fn canonical_text_is_short_and_plain() {
    for (text, canonical) in [
        ("  acme   BETA ", "acme BETA"),
        ("a and b && c", "a b c"),
        ("a||b or (c or d)", "a or b or c or d"),
        ("(a or b) (c and d)", "(a or b) c d"),
        ("not not a", "a"),
        ("not ( a b )", "!(a b)"),
        ("!(!(a))", "a"),
        ("((a))", "a"),
        ("t:pro", "tier:pro"),
        ("TIER:\"pro\"", "tier:pro"),
        ("tier:\"a b\"", "tier:\"a b\""),
        ("tier:\"/a\"", "tier:\"/a\""),
        ("tier:a:b=c", "tier:a:b=c"),
        ("tier = \"a\\\"b\"", "tier=\"a\\\"b\""),
        ("/a\\/b\\\\/", "/a\\/b\\\\/"),
        ("health:heal", "health=healthy"),
        ("res:007", "restarts=7"),
        ("size >= 1.5TB", "size>=1500GB"),
        ("size<2048", "size<2KiB"),
        ("size>0GB", "size>0"),
        ("age>26h", "age>26h"),
        ("age>1d2h", "age>26h"),
        ("age>0", "age>0"),
        ("age>1h0.5s", "age>3600500ms"),
        ("backup: x", "backup: x"),
    ] {
        assert_eq!(query(text).to_string(), canonical, "{text}");
        assert_eq!(query(canonical), query(text));
    }
    assert_ne!(query("\"acme\""), query("acme"));
    assert_ne!(query("/acme/"), query("\"acme\""));
}

#[test]
fn only_ages_depend_on_time() {
    for (text, depends) in
        [("acme age:", false), ("size>1GB", false), ("acme or !(x age>1h)", true), ("", false)]
    {
        assert_eq!(query(text).depends_on_time(), depends, "{text}");
    }
    assert!(query(" ").is_empty());
    assert!(!query("a").is_empty());
}

#[test]
fn rows_become_older_while_nothing_changes() {
    let (rows, query, mut scratch) = (rows(), query("age>26h"), Scratch::new());
    assert!(!query.matches(&rows, 1, NOW, &mut scratch));
    assert!(query.matches(&rows, 1, NOW.after(Span::from_ms(1)), &mut scratch));
    let before_it_was = NOW.before(Span::from_secs(1000 * HOUR));
    assert!(!query.matches(&rows, 1, before_it_was, &mut scratch));
}

#[test]
fn a_row_that_is_always_shown_passes() {
    let rows = Rows(vec![Row { name: "gap", always: true, ..Row::default() }]);
    assert!(query("nothing-like-it").matches(&rows, 0, NOW, &mut Scratch::new()));
}
