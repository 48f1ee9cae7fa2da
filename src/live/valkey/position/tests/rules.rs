//! Each rule, case by case.
#![expect(clippy::too_many_lines, reason = "tables of cases")]

use super::*;
use crate::live::valkey::cursor::Cursor;

fn trimmed(after: Option<u64>, before: Option<u64>, missed: u64) -> Gap {
    let missed = Missed::Exactly(missed);
    Gap { after: after.map(id), before: before.map(id), missed, cause: GapCause::Trimmed }
}

fn reset(after: Option<u64>, before: Option<u64>) -> Gap {
    reset_gap(after.map(id), before.map(id))
}

/// Does `script` to a stream of ten entries and its reader, which settles at the end.
fn check(name: &str, script: impl FnOnce(&mut Stream, &mut Reader), gaps: &[Gap]) -> Reader {
    let mut stream = Stream::default();
    stream.add(10);
    let mut reader = Reader::new(&stream);
    script(&mut stream, &mut reader);
    reader.settle(&stream);
    assert_eq!(reader.gaps, gaps, "{name}");
    assert!(reader.ascends(), "{name}: {:?}", reader.told);
    reader
}

#[test]
fn what_was_read_in_time_is_no_gap() {
    check("nothing happens", |_, _| {}, &[]);
    check("entries come", |s, _| s.add(20), &[]);
    check("read entries are trimmed", |s, _| s.trim(2), &[]);
    check("all read entries are trimmed", |s, _| s.trim(0), &[]);
    check("read entries are deleted", |s, _| s.delete(9), &[]);
    check(
        "trimmed right behind the reader",
        |s, r| {
            for _ in 0..5 {
                s.add(3);
                s.trim(3);
                r.look(s);
                r.read(s, 5);
            }
        },
        &[],
    );
}

#[test]
fn what_was_trimmed_is_counted_where_it_was() {
    check(
        "overtaken",
        |s, _| {
            s.add(20);
            s.trim(5);
        },
        &[trimmed(Some(10), Some(26), 15)],
    );
    check(
        "all of it gone",
        |s, _| {
            s.add(4);
            s.trim(0);
        },
        &[trimmed(Some(10), None, 4)],
    );
    check(
        "overtaken while it was not looking",
        |s, r| {
            s.add(20);
            s.trim(5);
            r.read(s, 50);
        },
        &[trimmed(Some(10), Some(26), 15)],
    );
    check(
        "overtaken between a look and the read",
        |s, r| {
            s.add(5);
            r.look(s);
            s.add(15);
            s.trim(5);
            r.read(s, 50);
        },
        &[trimmed(Some(10), Some(26), 5), trimmed(Some(10), Some(26), 10)],
    );
    check(
        "overtaken twice",
        |s, r| {
            s.add(9);
            s.trim(3);
            r.look(s);
            r.read(s, 2);
            s.add(9);
            s.trim(4);
        },
        &[trimmed(Some(10), Some(17), 6), trimmed(Some(18), Some(25), 6)],
    );
    check(
        "deleted before it was read",
        |s, _| {
            s.add(5);
            s.delete(12);
        },
        &[trimmed(Some(10), Some(11), 1)],
    );
    check(
        "the newest deleted",
        |s, _| {
            s.add(5);
            s.delete(14);
        },
        &[trimmed(Some(10), Some(11), 1)],
    );
    check(
        "made and gone at once",
        |s, _| {
            s.add(1);
            s.delete(10);
        },
        &[trimmed(Some(10), None, 1)],
    );
}

#[test]
fn a_stream_that_begins_anew_is_read_from_its_begin() {
    let read = |reader: &Reader, first: u64, last: u64| {
        let new: Vec<_> = reader.told.iter().filter(|told| **told >= id(first)).copied().collect();
        assert_eq!(new, (first..=last).map(id).collect::<Vec<_>>());
    };
    let lose = |s: &mut Stream| s.lose(1_000);
    check("gone", |s, _| lose(s), &[reset(Some(10), None)]);
    let reader = check(
        "gone, then made anew",
        |s, r| {
            lose(s);
            r.look(s);
            s.add(3);
        },
        &[reset(Some(10), None)],
    );
    read(&reader, 1_001, 1_003);
    let reader = check(
        "made anew unseen",
        |s, _| {
            lose(s);
            s.add(3);
        },
        &[reset(Some(10), Some(1_001))],
    );
    read(&reader, 1_001, 1_003);
    let reader = check(
        "made anew with more than it had",
        |s, _| {
            lose(s);
            s.add(50);
        },
        &[reset(Some(10), Some(1_001))],
    );
    read(&reader, 1_001, 1_050);
    let reader = check(
        "made anew and trimmed",
        |s, _| {
            lose(s);
            s.add(8);
            s.trim(3);
        },
        &[reset(Some(10), Some(1_006))],
    );
    read(&reader, 1_006, 1_008);
    let reader = check(
        "made anew and read before it was noticed",
        |s, r| {
            s.add(2);
            r.read(s, 50);
            lose(s);
            s.add(3);
            r.read(s, 50);
        },
        &[reset(Some(12), Some(1_001))],
    );
    read(&reader, 1_001, 1_003);
    let reader = check(
        "made anew, some of it read before it was noticed",
        |s, r| {
            lose(s);
            s.add(3);
            r.read(s, 50);
            s.add(4);
        },
        &[reset(Some(10), Some(1_001))],
    );
    read(&reader, 1_001, 1_007);
    let reader = check(
        "lost twice",
        |s, r| {
            lose(s);
            s.add(3);
            r.settle(s);
            s.lose(2_000);
            s.add(1);
        },
        &[reset(Some(10), Some(1_001)), reset(Some(1_003), Some(2_001))],
    );
    assert_eq!(reader.told.last(), Some(&id(2_001)));
    let reader = check(
        "gone, made anew and trimmed before it was read",
        |s, r| {
            lose(s);
            r.look(s);
            s.add(9);
            s.trim(2);
        },
        &[reset(Some(10), None), trimmed(Some(10), Some(1_008), 7)],
    );
    read(&reader, 1_008, 1_009);
}

#[test]
fn ids_that_went_back_are_listed_anew() {
    let back = |s: &mut Stream| {
        s.lose(0);
        s.add(3);
    };
    let whole = |reader: &Reader| {
        assert_eq!((reader.told.clone(), reader.listings), (vec![id(1), id(2), id(3)], 2));
    };
    whole(&check("unseen", |s, _| back(s), &[reset(Some(10), Some(1))]));
    whole(&check(
        "seen",
        |s, r| {
            s.lose(0);
            r.look(s);
            s.add(3);
        },
        &[reset(Some(10), None), reset(Some(10), Some(1))],
    ));
    let further = |s: &mut Stream, r: &mut Reader| {
        s.trim(5);
        r.look(s);
        s.lose(0);
        s.add(30);
    };
    let reader = check("further than before", further, &[reset(Some(10), Some(1))]);
    assert_eq!((reader.told.len(), reader.listings), (30, 2));
}

/// A server that does not count what it added.
#[test]
fn without_a_count_only_being_overtaken_is_seen() {
    let snap = |stream: &Stream, length: bool| {
        let snapshot = stream.snapshot().expect("a stream");
        let length = snapshot.length.filter(|_| length);
        Snapshot { added: None, length, ..snapshot }
    };
    for length in [true, false] {
        let mut stream = Stream::default();
        stream.add(10);
        let mut position = Position::new(Some(&snap(&stream, length)), Some(id(10)));
        stream.add(20);
        stream.trim(25);
        assert_eq!(position.look(Some(&snap(&stream, length))), Verdict::Go(None));
        stream.trim(5);
        let gap = Gap { missed: Missed::Some, ..trimmed(Some(10), Some(26), 0) };
        assert_eq!(position.look(Some(&snap(&stream, length))), Verdict::Go(Some(gap)));
        assert_eq!(position.look(Some(&snap(&stream, length))), Verdict::Go(None));
        let (ids, whole) = stream.read(position.at(), 50);
        assert_eq!((ids.len(), position.read(&ids, whole)), (5, Verdict::Go(None)));
        stream.trim(0);
        if length {
            assert_eq!(position.look(Some(&snap(&stream, length))), Verdict::Go(None));
        }
    }
    let mut position = Position::new(None, None);
    let mut stream = Stream::default();
    stream.add(3);
    assert_eq!(position.look(Some(&snap(&stream, true))), Verdict::Go(None));
}

#[test]
fn a_saved_place_is_compared_with_the_stream() {
    let cursor = |at: u64, position: Option<u64>| Cursor {
        stream: String::new(),
        id: id(at),
        position,
        run_id: None,
    };
    let mut stream = Stream::default();
    stream.add(30);
    stream.trim(5);
    let seen = stream.snapshot();
    let some = |gap: Gap| Gap { missed: Missed::Some, ..gap };
    for (cursor, seen, left, gap) in [
        (cursor(30, Some(30)), seen, true, None),
        (cursor(27, Some(27)), seen, true, None),
        (cursor(25, Some(25)), seen, true, None),
        (cursor(10, Some(10)), seen, true, Some(trimmed(Some(10), Some(26), 15))),
        (cursor(10, None), seen, true, Some(some(trimmed(Some(10), Some(26), 0)))),
        (cursor(10, Some(40)), seen, true, Some(reset(Some(10), Some(26)))),
        (cursor(10, Some(26)), seen, true, Some(reset(Some(10), Some(26)))),
        (cursor(99, Some(99)), seen, false, Some(reset(Some(99), Some(26)))),
        (cursor(27, Some(90)), seen, false, Some(reset(Some(27), Some(26)))),
        (cursor(10, Some(10)), None, true, Some(reset(Some(10), None))),
        (cursor(0, Some(0)), None, true, None),
        (cursor(0, Some(0)), seen, true, Some(trimmed(None, Some(26), 25))),
    ] {
        let (since, found) = Since::new(&cursor, seen.as_ref());
        assert_eq!((since.is_some(), found), (left, gap), "{cursor:?}");
    }
}

#[test]
fn ids_have_a_predecessor() {
    let full = StreamId { ms: 4, seq: u64::MAX };
    for (of, is) in [
        (id(5), Some(full)),
        (StreamId { ms: 5, seq: 7 }, Some(StreamId { ms: 5, seq: 6 })),
        (id(0), None),
    ] {
        assert_eq!(before(Some(of)), is);
    }
}
