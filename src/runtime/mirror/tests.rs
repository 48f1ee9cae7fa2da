//! The mirror of operations.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use super::*;
use crate::domain::operation::Entry;
use crate::operation::kinds::tests::any_plan;
use crate::store::{Freshness, Store, StreamLimits};

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

/// An operation that was confirmed at `ms`, and went `steps` records further.
fn operation(id: &str, ms: i64, further: usize) -> Arc<Operation> {
    let entries = [
        Entry::Confirmed { reason: "a customer asked".into(), stepped_up: false },
        Entry::Taken,
        Entry::Began { step: 0 },
        Entry::Done { step: 0, saw: "it is there".into() },
    ];
    let records = entries.into_iter().take(1 + further).map(|entry| Record {
        at: at(ms),
        by: "maria".into(),
        console: "here".into(),
        fence: 1,
        entry,
    });
    let plan = Plan { id: id.into(), ..any_plan() };
    Arc::new(Operation::new(Arc::new(plan), records.collect()).expect("it makes sense"))
}

struct Home {
    _folder: tempfile::TempDir,
    mirror: Mirror,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mirror = Mirror::of(folder.path(), "night");
        Self { _folder: folder, mirror }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.mirror.folder().join(name)
    }

    fn read(&self) -> Reflected {
        self.mirror.read().expect("it can be read")
    }

    fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> =
            self.read().operations.iter().map(|one| one.plan.id.to_string()).collect();
        ids.sort();
        ids
    }
}

#[test]
fn what_was_seen_is_read_again_and_what_is_gone_goes() {
    let home = Home::new();
    assert!(home.ids().is_empty(), "there is no folder yet");
    let mut reflector = Reflector::new(home.mirror.clone());
    let (one, two) = (operation("one", 1, 3), operation("two", 2, 1));
    reflector.reflect(&[Arc::clone(&one), Arc::clone(&two)], at(5000)).expect("written");
    let read = home.read();
    assert_eq!(read.as_of, Some(at(5000)));
    assert!(read.skipped.is_empty());
    assert_eq!(read.operations, [(*one).clone(), (*two).clone()]);
    let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o7777;
    assert_eq!(mode(home.mirror.folder()), 0o700);
    for name in ["one.json", "two.json", "as-of"] {
        assert_eq!(mode(&home.file(name)), 0o600, "{name}");
    }

    // Only what went on is written; another process finds out what is there by itself.
    let inode = |name: &str| home.file(name).metadata().expect("it is there").ino();
    let (first, second) = (inode("one.json"), inode("two.json"));
    let mut later = Reflector::new(home.mirror.clone());
    later.reflect(&[one, operation("two", 2, 3)], at(6000)).expect("written");
    assert_eq!(inode("one.json"), first);
    assert_ne!(inode("two.json"), second);
    assert_eq!(home.read().operations.get(1).map(|two| two.records.len()), Some(4));

    later.note(&operation("three", 3, 1)).expect("written");
    assert_eq!(home.ids(), ["one", "three", "two"]);
    assert_eq!(home.read().as_of, Some(at(6000)), "the others were not confirmed by that");
    reflector.reflect(&[operation("two", 2, 3)], at(7000)).expect("written");
    assert_eq!(home.ids(), ["two"]);
    let names: Vec<String> = std::fs::read_dir(home.mirror.folder())
        .expect("a folder")
        .map(|file| file.expect("a file").file_name().into_string().expect("text"))
        .collect();
    assert_eq!(names.len(), 2, "nothing is left behind: {names:?}");
}

#[test]
fn what_somebody_else_put_there_is_skipped_and_said() {
    let home = Home::new();
    let mut reflector = Reflector::new(home.mirror.clone());
    let good = operation("good", 1, 3);
    reflector.reflect(&[Arc::clone(&good)], at(5000)).expect("written");
    let text = std::fs::read_to_string(home.file("good.json")).expect("its text");
    let put = |name: &str, text: &str| std::fs::write(home.file(name), text).expect("written");
    put("cut.json", &text[..text.len() / 2]);
    put("empty.json", "");
    put("other.json", &text);
    put("newer.json", &text.replace("\"form\":1", "\"form\":2"));
    put("jumbled.json", &text.replace("\"step\":0", "\"step\":7").replace("good", "jumbled"));
    put("large.json", &" ".repeat(1024 * 1024 + 1));
    std::fs::create_dir(home.file("folder.json")).expect("a folder");
    symlink(home.file("good.json"), home.file("link.json")).expect("a link");
    let pipe = home.file("pipe.json");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).expect("a pipe");
    std::fs::write(home.file("as-of"), "\u{1b}[2Jsoon").expect("written");

    let read = home.read();
    assert_eq!(read.operations, [(*good).clone()]);
    assert_eq!((read.as_of, read.moment()), (None, Some(at(1))));
    let skipped: Vec<&str> = read.skipped.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        skipped,
        ["cut", "empty", "folder", "jumbled", "large", "link", "newer", "other", "pipe"]
            .map(|name| format!("{name}.json"))
    );
    assert!(read.skipped.iter().all(|(_, why)| !why.is_empty()));

    // What could not be read is written anew, or goes.
    std::fs::remove_dir(home.file("folder.json")).expect("removed");
    reflector.reflect(&[good, operation("cut", 2, 1)], at(6000)).expect("written");
    assert_eq!(home.ids(), ["cut", "good"]);
    assert!(home.read().skipped.is_empty());
}

#[test]
fn no_name_leads_out_of_the_folder() {
    let home = Home::new();
    let mut reflector = Reflector::new(home.mirror.clone());
    let all = ["../outside", "a/b", "", ".", "Upper", "fine"].map(|id| operation(id, 1, 0));
    reflector.reflect(&all, at(1)).expect("written");
    assert_eq!(home.ids(), ["fine"]);
    let beside = home.mirror.folder().parent().expect("a folder above");
    assert_eq!(std::fs::read_dir(beside).expect("a folder").count(), 1);
}

#[test]
fn where_there_is_no_room_the_newest_and_those_that_are_not_over_stay() {
    let home = Home::new();
    let mut reflector = Reflector::new(home.mirror.clone());
    let mut all: Vec<_> =
        (10..).take(MOST).map(|ms| operation(&format!("n{}", ms - 10), ms, 3)).collect();
    all.push(operation("runs", 1, 1));
    reflector.reflect(&all, at(5000)).expect("written");
    let ids = home.ids();
    assert_eq!(ids.len(), MOST);
    assert!(ids.contains(&"runs".to_owned()) && !ids.contains(&"n0".to_owned()));
    assert!(ids.contains(&"n1".to_owned()));
}

#[test]
fn a_store_shows_it_with_its_age_until_the_cluster_is_heard_of() {
    let home = Home::new();
    let mut reflector = Reflector::new(home.mirror.clone());
    let (one, two) = (operation("one", 1, 3), operation("two", 2, 1));
    reflector.reflect(&[Arc::clone(&one), two], at(5000)).expect("written");
    let mut store = Store::new(StreamLimits::default());
    home.read().observations().into_iter().for_each(|told| store.apply(told));
    let freshness = |store: &Store| store.feeds().get(FeedId::Operations).freshness.clone();
    assert!(matches!(freshness(&store), Freshness::Stale(as_of, _) if as_of == at(5000)));
    assert_eq!(store.objects().operations.iter().count(), 2);

    let tell = |store: &mut Store, fact| {
        store.apply(Observation { feed: FeedId::Operations, at: at(9000), fact });
    };
    let away = Trouble::new(TroubleKind::Unreachable, "connection refused", "");
    tell(&mut store, Fact::Unreachable(away.clone()));
    assert_eq!(freshness(&store), Freshness::Stale(at(5000), away));
    tell(&mut store, Fact::RelistBegun);
    tell(&mut store, Fact::Upsert((*one).clone().into()));
    assert!(matches!(freshness(&store), Freshness::Stale(..)), "as old as it was until then");
    tell(&mut store, Fact::RelistEnded);
    assert_eq!(freshness(&store), Freshness::Live(at(9000)));
    assert_eq!(store.objects().operations.iter().count(), 1, "what is gone there is gone here");
}
