use proptest::prelude::*;

use super::*;
use crate::live::valkey::cursor::Cursor;

fn id(ms: u64) -> StreamId {
    StreamId { ms, seq: 0 }
}

/// A stream as a server keeps it.
#[derive(Clone, Debug, Default)]
struct Stream {
    exists: bool,
    entries: Vec<StreamId>,
    last: StreamId,
    added: u64,
    /// The server's clock.
    now: u64,
    /// How often the data was lost. Each time entries come a little less densely, so that two streams are
    /// never alike to the last id.
    losses: u64,
}

impl Stream {
    fn add(&mut self, count: u64) {
        self.exists = true;
        for _ in 0..count {
            self.now += 1 + self.losses;
            self.last = StreamId { ms: self.now, seq: self.losses };
            self.entries.push(self.last);
            self.added += 1;
        }
    }

    fn trim(&mut self, keep: usize) {
        self.entries.drain(..self.entries.len().saturating_sub(keep));
    }

    fn delete(&mut self, index: usize) {
        if !self.entries.is_empty() {
            self.entries.remove(index % self.entries.len());
        }
    }

    fn lose(&mut self, now: u64) {
        *self = Self { now, losses: self.losses, ..Self::default() };
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.exists.then(|| Snapshot {
            last: self.last,
            added: Some(self.added),
            length: Some(self.entries.len() as u64),
            first: self.entries.first().copied(),
        })
    }

    fn read(&self, after: StreamId, count: usize) -> (Vec<StreamId>, bool) {
        let ids: Vec<_> =
            self.entries.iter().filter(|id| **id > after).take(count).copied().collect();
        let whole = ids.len() < count;
        (ids, whole)
    }
}

/// A reader that does with a [`Position`] what the tail does.
#[derive(Debug)]
struct Reader {
    position: Position,
    told: Vec<StreamId>,
    gaps: Vec<Gap>,
    listings: usize,
}

impl Reader {
    fn new(stream: &Stream) -> Self {
        let mut reader =
            Self { position: Position::new(None, None), told: Vec::new(), gaps: Vec::new(), listings: 0 };
        reader.list(stream);
        reader
    }

    fn list(&mut self, stream: &Stream) {
        self.listings += 1;
        self.told.clone_from(&stream.entries);
        self.position = Position::new(stream.snapshot().as_ref(), self.told.last().copied());
    }

    fn heed(&mut self, verdict: Verdict, stream: &Stream) -> bool {
        match verdict {
            Verdict::Go(gap) => self.gaps.extend(gap),
            Verdict::Relist(gap) => {
                self.gaps.push(gap);
                self.list(stream);
                return false;
            }
        }
        true
    }

    fn look(&mut self, stream: &Stream) {
        let verdict = self.position.look(stream.snapshot().as_ref());
        self.heed(verdict, stream);
    }

    /// Reads once; whether that was all.
    fn read(&mut self, stream: &Stream, count: usize) -> bool {
        let (ids, whole) = stream.read(self.position.at(), count);
        let verdict = self.position.read(&ids, whole);
        if self.heed(verdict, stream) {
            self.told.extend(&ids);
        }
        whole
    }

    fn settle(&mut self, stream: &Stream) {
        self.look(stream);
        while !self.read(stream, 5) {}
        self.look(stream);
    }

    fn missed(&self) -> u64 {
        let exact = |gap: &Gap| match gap.missed {
            Missed::Exactly(missed) => missed,
            Missed::Some => 0,
        };
        self.gaps.iter().map(exact).sum()
    }

    fn ascends(&self) -> bool {
        self.told.windows(2).all(|pair| pair[0] < pair[1])
    }
}

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
    check("overtaken", |s, _| { s.add(20); s.trim(5); }, &[trimmed(Some(10), Some(26), 15)]);
    check("all of it gone", |s, _| { s.add(4); s.trim(0); }, &[trimmed(Some(10), None, 4)]);
    check(
        "overtaken while it was not looking",
        |s, r| { s.add(20); s.trim(5); r.read(s, 50); },
        &[trimmed(Some(10), Some(26), 15)],
    );
    check(
        "overtaken between a look and the read",
        |s, r| { s.add(5); r.look(s); s.add(15); s.trim(5); r.read(s, 50); },
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
    check("deleted before it was read", |s, _| { s.add(5); s.delete(12); }, &[trimmed(Some(10), Some(11), 1)]);
    check("the newest deleted", |s, _| { s.add(5); s.delete(14); }, &[trimmed(Some(10), Some(11), 1)]);
    check("made and gone at once", |s, _| { s.add(1); s.delete(10); }, &[trimmed(Some(10), None, 1)]);
}

#[test]
fn a_stream_that_begins_anew_is_read_from_its_begin() {
    let read = |reader: &Reader, first: u64, last: u64| {
        let new: Vec<_> = reader.told.iter().filter(|told| **told >= id(first)).copied().collect();
        assert_eq!(new, (first..=last).map(id).collect::<Vec<_>>());
    };
    let lose = |s: &mut Stream| s.lose(1_000);
    check("gone", |s, _| lose(s), &[reset(Some(10), None)]);
    let reader = check("gone, then made anew", |s, r| { lose(s); r.look(s); s.add(3); }, &[reset(Some(10), None)]);
    read(&reader, 1_001, 1_003);
    let reader = check("made anew unseen", |s, _| { lose(s); s.add(3); }, &[reset(Some(10), Some(1_001))]);
    read(&reader, 1_001, 1_003);
    let reader = check("made anew with more than it had", |s, _| { lose(s); s.add(50); }, &[reset(Some(10), Some(1_001))]);
    read(&reader, 1_001, 1_050);
    let reader = check("made anew and trimmed", |s, _| { lose(s); s.add(8); s.trim(3); }, &[reset(Some(10), Some(1_006))]);
    read(&reader, 1_006, 1_008);
    let reader = check(
        "made anew and read before it was noticed",
        |s, r| { s.add(2); r.read(s, 50); lose(s); s.add(3); r.read(s, 50); },
        &[reset(Some(12), Some(1_001))],
    );
    read(&reader, 1_001, 1_003);
    let reader = check(
        "made anew, some of it read before it was noticed",
        |s, r| { lose(s); s.add(3); r.read(s, 50); s.add(4); },
        &[reset(Some(10), Some(1_001))],
    );
    read(&reader, 1_001, 1_007);
    let reader = check(
        "lost twice",
        |s, r| { lose(s); s.add(3); r.settle(s); s.lose(2_000); s.add(1); },
        &[reset(Some(10), Some(1_001)), reset(Some(1_003), Some(2_001))],
    );
    assert_eq!(reader.told.last(), Some(&id(2_001)));
    let reader = check(
        "gone, made anew and trimmed before it was read",
        |s, r| { lose(s); r.look(s); s.add(9); s.trim(2); },
        &[reset(Some(10), None), trimmed(Some(10), Some(1_008), 7)],
    );
    read(&reader, 1_008, 1_009);
}

#[test]
fn ids_that_went_back_are_listed_anew() {
    let back = |s: &mut Stream| { s.lose(0); s.add(3); };
    let whole = |reader: &Reader| {
        assert_eq!((reader.told.clone(), reader.listings), (vec![id(1), id(2), id(3)], 2));
    };
    whole(&check("unseen", |s, _| back(s), &[reset(Some(10), Some(1))]));
    whole(&check("seen", |s, r| { s.lose(0); r.look(s); s.add(3); }, &[reset(Some(10), None), reset(Some(10), Some(1))]));
    let further = |s: &mut Stream, r: &mut Reader| { s.trim(5); r.look(s); s.lose(0); s.add(30); };
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

#[derive(Clone, Debug)]
enum Deed {
    Add(u64),
    Trim(usize),
    Delete(usize),
    Look,
    Read(usize),
    /// The server's data is lost; its clock goes on by so much, or back to the begin.
    Lose(Option<u64>),
}

fn deeds(with_losses: bool) -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        4 => (1u64..12).prop_map(Deed::Add),
        2 => (0usize..10).prop_map(Deed::Trim),
        1 => (0usize..20).prop_map(Deed::Delete),
        3 => Just(Deed::Look),
        5 => (1usize..15).prop_map(Deed::Read),
        u32::from(with_losses) => proptest::option::of(1u64..50).prop_map(Deed::Lose),
    ];
    proptest::collection::vec(deed, 0..60)
}

fn act(deed: &Deed, stream: &mut Stream, reader: &mut Reader) {
    match *deed {
        Deed::Add(count) => stream.add(count),
        Deed::Trim(keep) => stream.trim(keep),
        Deed::Delete(index) => stream.delete(index),
        Deed::Look => reader.look(stream),
        Deed::Read(count) => {
            reader.read(stream, count);
        }
        Deed::Lose(on) => {
            // Rule 5 has its limits where entries were missed unnoticed and the clock went back too.
            if on.is_none() {
                reader.settle(stream);
            }
            let now = on.map_or(0, |ms| stream.now + ms);
            stream.lose(now);
            stream.losses += 1;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Each entry ever added was told once, or is counted in exactly one gap.
    #[test]
    fn entries_and_gaps_add_up(begin in 0u64..20, deeds in deeds(false)) {
        let mut stream = Stream::default();
        if begin > 0 {
            stream.add(begin);
        }
        let mut reader = Reader::new(&stream);
        for deed in &deeds {
            act(deed, &mut stream, &mut reader);
        }
        reader.settle(&stream);
        prop_assert_eq!(reader.told.len() as u64 + reader.missed(), stream.added);
        prop_assert!(reader.ascends());
        prop_assert!(reader.gaps.iter().all(|gap| gap.cause == GapCause::Trimmed));
        prop_assert!(reader.gaps.iter().all(|gap| matches!(gap.missed, Missed::Exactly(missed) if missed > 0)));
        prop_assert_eq!(reader.listings, 1);
    }

    /// A gap lies between two neighbours among the entries told.
    #[test]
    fn gaps_lie_between_entries(deeds in deeds(false)) {
        let mut stream = Stream::default();
        stream.add(3);
        let mut reader = Reader::new(&stream);
        for deed in &deeds {
            act(deed, &mut stream, &mut reader);
        }
        reader.settle(&stream);
        for gap in &reader.gaps {
            if let (Some(after), Some(before)) = (gap.after, gap.before) {
                prop_assert!(after < before);
                prop_assert!(!reader.told.iter().any(|told| after < *told && *told < before), "{:?} {:?}", gap, reader.told);
            }
        }
    }

    /// Whatever is lost, what the stream has at the end was told, in order and once.
    #[test]
    fn losses_leave_nothing_untold(deeds in deeds(true)) {
        let mut stream = Stream::default();
        stream.add(5);
        let mut reader = Reader::new(&stream);
        for deed in &deeds {
            act(deed, &mut stream, &mut reader);
        }
        reader.settle(&stream);
        prop_assert!(reader.ascends(), "{:?}", reader.told);
        for entry in &stream.entries {
            prop_assert!(reader.told.contains(entry), "{:?} of {:?} is not in {:?}", entry, stream, reader);
        }
        let rank = reader.position.rank();
        prop_assert_eq!(rank, Some(stream.added).filter(|_| stream.exists).or(Some(0)));
    }

    /// Between two runs, what came and went is counted.
    #[test]
    fn two_runs_add_up(before in deeds(false), between in deeds(false), page in 1usize..9) {
        let mut stream = Stream::default();
        stream.add(5);
        let mut reader = Reader::new(&stream);
        for deed in &before {
            act(deed, &mut stream, &mut reader);
        }
        reader.settle(&stream);
        let position = reader.position.rank();
        let cursor = Cursor { stream: String::new(), id: reader.position.at(), position, run_id: None };
        let added = stream.added;
        for deed in between {
            match deed {
                Deed::Look | Deed::Read(_) => {}
                deed => act(&deed, &mut stream, &mut reader),
            }
        }
        let (since, gap) = Since::new(&cursor, stream.snapshot().as_ref());
        let mut since = since.expect("a place");
        let mut gaps: Vec<_> = gap.into_iter().collect();
        let mut rest = stream.entries.clone();
        loop {
            let ids = rest.split_off(rest.len().saturating_sub(page));
            gaps.extend(since.page(&ids, ids.len() < page));
            if ids.len() < page {
                break;
            }
        }
        let missed: u64 = gaps.iter().map(|gap| match gap.missed {
            Missed::Exactly(missed) => missed,
            Missed::Some => panic!("{gap:?}"),
        }).sum();
        let there = stream.entries.iter().filter(|id| **id > cursor.id).count() as u64;
        prop_assert_eq!(missed + there, stream.added - added);
        prop_assert!(gaps.len() <= 1);
    }
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
    for (of, is) in [(id(5), Some(full)), (StreamId { ms: 5, seq: 7 }, Some(StreamId { ms: 5, seq: 6 })), (id(0), None)] {
        assert_eq!(before(Some(of)), is);
    }
}
