//! What holds whatever happens to a stream.

use proptest::prelude::*;

use super::*;
use crate::live::valkey::cursor::Cursor;

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
        Deed::Trim(keep) => {
            // Rule 5 has its limits where a stream whose clock went back is trimmed before anyone looks.
            if stream.unseen {
                reader.look(stream);
                stream.unseen = false;
            }
            stream.trim(keep);
        }
        // Rule 5 has its limits: see there.
        Deed::Delete(_) if stream.losses > 0 => {}
        Deed::Delete(index) => stream.delete(index),
        Deed::Look => {
            reader.look(stream);
            stream.unseen = false;
        }
        Deed::Read(count) => {
            reader.read(stream, count);
        }
        Deed::Lose(on) => {
            // Rule 5 has its limits where entries were missed unnoticed and the clock went back too.
            if on.is_none() {
                reader.settle(stream);
            }
            let now = on.map_or(0, |ms| stream.now + ms);
            let unseen = stream.unseen || on.is_none();
            stream.lose(now);
            stream.losses += 1;
            stream.unseen = unseen;
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
