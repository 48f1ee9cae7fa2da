//! Rounds: everything is listed, then rested, with an ear at the door.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::sleep;

use super::bucket::{Bucket, Newest, shelf_builder};
use super::door::Door;
use super::voice::{PATIENCE, Voice};
use super::{Options, kept, trouble};
use crate::domain::{
    self, Fact, FeedId, Observation, Shelf, Span, Text, Timestamp, Trouble, TroubleKind, Uid,
};
use crate::platform::{Closed, Sink};

/// Folders that are listed at the same time.
const AT_ONCE: usize = 8;
/// Between two knocks while there is nothing to list.
const KNOCK: Duration = Duration::from_millis(1800);
/// Folders on the screen that are listed again at each knock.
const LOOKED_AT: usize = 4;
/// Between two words about the progress.
const PROGRESS: Span = Span::from_secs(1);
/// Pages of the bucket of templates.
const TEMPLATE_PAGES: usize = 20;
/// The waits before a folder that could not be listed is tried again.
const WAITS: [u64; 5] = [250, 500, 1000, 1500, 2000];
/// The same where the server refuses: nothing changes that quickly.
const REFUSED: Duration = Duration::from_secs(5);

/// Reads the object store that `options` describe for ever.
pub(super) async fn run(options: Options, sink: Sink) -> Result<(), Closed> {
    let mut voice = Voice::new(sink);
    let door = Door::default();
    let backups = loop {
        match Bucket::open(&options, &options.bucket, "objects.bucket", &door) {
            Ok(bucket) => break Arc::new(bucket),
            Err(trouble) => voice.trouble(trouble).await?,
        }
        sleep(REFUSED).await;
    };
    let templates = options.templates_bucket.as_deref().and_then(|name| {
        // What is wrong with the settings was found with the bucket before.
        Bucket::open(&options, name, "objects.templates_bucket", &door).ok()
    });
    let mut reading = Reading {
        voice,
        door,
        backups,
        templates,
        known: BTreeMap::new(),
        listed: None,
        turn: 0,
        options,
    };
    reading.remember().await?;
    loop {
        reading.round().await?;
        reading.rest().await?;
    }
}

struct Reading {
    voice: Voice,
    door: Door,
    backups: Arc<Bucket>,
    templates: Option<Bucket>,
    /// The shelves by folder, as told. The store shares them.
    known: BTreeMap<Text, Arc<Shelf>>,
    /// When the last round was complete, in this run or the one before.
    listed: Option<Timestamp>,
    /// Whose turn it is of the folders on the screen.
    turn: usize,
    options: Options,
}

/// A folder to be listed: its path, and whether it is of the platform.
type Folder = (String, bool);

impl Reading {
    fn head(&self, listed: Timestamp) -> kept::Head {
        let Options { endpoint, bucket, platform_prefix, .. } = &self.options;
        kept::Head::new(endpoint, bucket, platform_prefix.as_deref(), listed)
    }

    /// Tells what the last run saw, as old as it is.
    async fn remember(&mut self) -> Result<(), Closed> {
        let Some(path) = self.options.kept.clone() else { return Ok(()) };
        let head = self.head(Timestamp::default());
        let shown = path.display().to_string();
        let read = tokio::task::spawn_blocking(move || kept::read(&path, &head)).await;
        let (listed, shelves) = match read {
            Ok(Ok(read)) => read,
            Ok(Err(kept::KeptError::Io(error))) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(());
            }
            Ok(Err(error)) => {
                tracing::warn!(file = shown, %error, "what was kept of the backups can't be used");
                return Ok(());
            }
            Err(_) => return Ok(()),
        };
        let observed = |fact| Observation { feed: FeedId::Backups, at: listed, fact };
        self.voice.sink.send(vec![observed(Fact::RelistBegun)]).await?;
        for some in shelves.chunks(Sink::BATCH) {
            let upserts = some.iter().map(|shelf| observed(Fact::Upsert(Arc::clone(shelf).into())));
            self.voice.sink.send(upserts.collect()).await?;
        }
        let what = format!("the bucket {} is being listed", self.options.bucket);
        let why =
            Trouble::new(TroubleKind::Slow, &what, "What is shown was kept from the last run.");
        let end = [Fact::RelistEnded, Fact::Unreachable(why)];
        self.voice.sink.send(end.into_iter().map(observed).collect()).await?;
        self.known = shelves.into_iter().map(|shelf| (shelf.uid.0.clone(), shelf)).collect();
        self.listed = Some(listed);
        self.voice.remembers();
        Ok(())
    }

    /// Lists everything once, however long that takes.
    async fn round(&mut self) -> Result<(), Closed> {
        let begun = self.voice.sink.now();
        let folders = self.folders().await?;
        let asked = self.door.asked();
        self.tell(FeedId::Backups, Fact::RelistBegun).await?;
        self.tell(FeedId::Buckets, Fact::RelistBegun).await?;
        self.tell_templates().await?;
        self.list(folders).await?;
        self.tell(FeedId::Backups, Fact::RelistEnded).await?;
        self.voice.confirmed();
        let listed = self.voice.sink.now();
        self.listed = Some(listed);
        self.tell_bucket(None).await?;
        self.tell(FeedId::Buckets, Fact::RelistEnded).await?;
        tracing::info!(
            bucket = self.options.bucket,
            shelves = self.known.len(),
            requests = self.door.asked() - asked,
            ms = self.voice.sink.now().since(begun).ms(),
            "the backups are listed"
        );
        self.keep(listed).await;
        Ok(())
    }

    /// Keeps what was seen for the next run.
    async fn keep(&self, listed: Timestamp) {
        let Some(path) = self.options.kept.clone() else { return };
        let shelves: Vec<Arc<Shelf>> = self.known.values().cloned().collect();
        let head = self.head(listed);
        let shown = path.display().to_string();
        let written = tokio::task::spawn_blocking(move || kept::write(&path, &head, &shelves));
        if let Ok(Err(error)) = written.await {
            tracing::warn!(file = shown, %error, "the backups can't be kept for the next run");
        }
    }

    /// The folders of the bucket: of tenants, and of the platform's own databases.
    async fn folders(&mut self) -> Result<Vec<Folder>, Closed> {
        let mut failed = 0;
        loop {
            let (bucket, platform) = (&self.backups, self.options.platform_prefix.as_deref());
            let slow = || trouble::slow(bucket.asked(), PATIENCE.as_secs());
            match self.voice.patiently(all_folders(bucket, platform), slow).await? {
                Ok(folders) => {
                    self.voice.heard().await?;
                    return Ok(folders);
                }
                Err(trouble) => {
                    let wait = wait(failed, &trouble);
                    self.voice.trouble(trouble).await?;
                    sleep(wait).await;
                    failed += 1;
                }
            }
        }
    }

    /// Lists `folders` and tells what is in them; what is no longer there goes with the end of the listing.
    async fn list(&mut self, folders: Vec<Folder>) -> Result<(), Closed> {
        let all = u32::try_from(folders.len()).unwrap_or(u32::MAX);
        let there: HashSet<Text> = folders.iter().map(|(path, _)| Text::clean(path)).collect();
        self.known.retain(|name, _| there.contains(name));
        let mut queue: VecDeque<Folder> = folders.into();
        let attention = self.voice.sink.attention();
        let mut looked_at = Vec::new();
        let (mut running, mut done, mut failed) = (FuturesUnordered::new(), 0_u32, 0);
        let (mut said, mut odd): (Option<Timestamp>, _) = (None, Odd::default());
        loop {
            let looks = attention.borrow().tenants.clone();
            if looks != looked_at {
                to_front(&mut queue, &looks);
                looked_at = looks;
            }
            // After a failure one folder finds out whether the server is back.
            let most = if failed > 0 { 1 } else { AT_ONCE };
            while running.len() < most
                && let Some(folder) = queue.pop_front()
            {
                let bucket = Arc::clone(&self.backups);
                running.push(async move {
                    let shelf = bucket.shelf(&folder.0, folder.1).await;
                    (folder, shelf)
                });
            }
            let slow = || trouble::slow(self.backups.asked(), PATIENCE.as_secs());
            let Some((folder, shelf)) = self.voice.patiently(running.next(), slow).await? else {
                return Ok(());
            };
            match shelf {
                Ok(shelf) => {
                    failed = 0;
                    done += 1;
                    self.voice.heard().await?;
                    tell_shelf(&mut self.known, &self.voice.sink, &folder.0, shelf).await?;
                }
                Err(trouble) if odd.is_of_it_alone(&folder.0, done, &trouble) => {
                    // One folder that can't be read must not hide all others.
                    tracing::warn!(folder = folder.0, why = %trouble, "a folder of backups is left out");
                    done += 1;
                    self.leave_out(&folder, &trouble).await?;
                }
                Err(trouble) => {
                    // Another one finds out whether it is the server or this folder.
                    queue.push_back(folder);
                    let wait = wait(failed, &trouble);
                    failed += 1;
                    self.voice.trouble(trouble).await?;
                    sleep(wait).await;
                }
            }
            let now = self.voice.sink.now();
            if said.is_none_or(|said| now.since(said) >= PROGRESS || now < said) {
                said = Some(now);
                let bucket = described(&self.options, &self.known, self.listed, Some((done, all)));
                self.voice.sink.tell(FeedId::Buckets, [Fact::Upsert(bucket.into())]).await?;
            }
        }
    }

    /// Goes on without a folder that can't be read. What was known of it stays.
    async fn leave_out(&mut self, folder: &Folder, why: &Trouble) -> Result<(), Closed> {
        let (path, platform) = folder;
        let shelf = self.known.get(path.as_str()).cloned().unwrap_or_else(|| {
            let mut builder = shelf_builder(path, *platform);
            builder.unreadable(&why.what);
            Arc::new(builder.build())
        });
        self.known.insert(shelf.uid.0.clone(), Arc::clone(&shelf));
        self.tell(FeedId::Backups, Fact::Upsert(shelf.into())).await
    }

    /// Waits for the next round: knocks, and lists again what is on the screen.
    async fn rest(&mut self) -> Result<(), Closed> {
        let refresh = Span::from_secs(self.options.refresh.as_secs());
        let mut begun = self.voice.sink.now();
        let mut failed = 0;
        loop {
            let now = self.voice.sink.now();
            if now.since(begun) >= refresh && !self.voice.in_trouble() {
                return Ok(());
            }
            // A clock may be set back.
            begun = begun.min(now);
            sleep(if failed > 0 { Duration::from_millis(1500) } else { KNOCK }).await;
            match self.look().await? {
                Ok(()) => {
                    failed = 0;
                    self.voice.heard().await?;
                }
                Err(trouble) => {
                    failed += 1;
                    self.voice.trouble(trouble).await?;
                }
            }
        }
    }

    /// Lists some of the folders that the operator looks at, or only knocks.
    async fn look(&mut self) -> Result<Result<(), Trouble>, Closed> {
        let looked_at = self.voice.sink.attention().borrow().tenants.clone();
        let bucket = &self.backups;
        let slow = || trouble::slow(bucket.asked(), PATIENCE.as_secs());
        if looked_at.is_empty() {
            let first = self.known.keys().next().map_or("", Text::as_str);
            return self.voice.patiently(bucket.knock(first), slow).await;
        }
        let turn = looked_at.iter().cycle().skip(self.turn % looked_at.len());
        let some: Vec<Text> = turn.take(LOOKED_AT.min(looked_at.len())).cloned().collect();
        self.turn = self.turn.wrapping_add(some.len());
        for name in some {
            let platform = self.known.get(&name).is_some_and(|shelf| shelf.is_platform());
            let shelf = bucket.shelf(name.as_str(), platform);
            let slow = || trouble::slow(bucket.asked(), PATIENCE.as_secs());
            match self.voice.patiently(shelf, slow).await? {
                Ok(shelf) => tell_change(&mut self.known, &self.voice.sink, name, shelf).await?,
                Err(trouble) => return Ok(Err(trouble)),
            }
        }
        Ok(Ok(()))
    }

    /// Tells of the bucket of templates, also that it can't be listed: the backups don't depend on it.
    async fn tell_templates(&mut self) -> Result<(), Closed> {
        let Some(bucket) = &self.templates else { return Ok(()) };
        let (mut objects, mut bytes, mut newest) = (0_u64, 0_u64, Newest::default());
        let listing = bucket.flat(TEMPLATE_PAGES, |object| {
            objects += 1;
            bytes = bytes.saturating_add(object.bytes);
            newest.add(&object);
        });
        let listed = tokio::time::timeout(PATIENCE * 2, listing).await;
        let listed =
            listed.unwrap_or_else(|_| Err(trouble::slow(bucket.asked(), PATIENCE.as_secs() * 2)));
        let name = Text::clean(&bucket.name);
        let told = domain::Bucket {
            uid: Uid(name.clone()),
            name,
            what: Text::clean(if listed == Ok(false) {
                "seeds of templates; more than are counted"
            } else {
                "seeds of templates"
            }),
            objects,
            bytes,
            listed: listed.is_ok().then(|| self.voice.sink.now()),
            progress: None,
            trouble: listed.err(),
            newest: newest.into_boxed(),
        };
        self.tell(FeedId::Buckets, Fact::Upsert(told.into())).await
    }

    async fn tell_bucket(&self, progress: Option<(u32, u32)>) -> Result<(), Closed> {
        let bucket = described(&self.options, &self.known, self.listed, progress);
        self.tell(FeedId::Buckets, Fact::Upsert(bucket.into())).await
    }

    async fn tell(&self, feed: FeedId, fact: Fact) -> Result<(), Closed> {
        self.voice.sink.tell(feed, [fact]).await
    }
}

/// The folders of `bucket`; those below `platform` are the platform's own.
async fn all_folders(bucket: &Bucket, platform: Option<&str>) -> Result<Vec<Folder>, Trouble> {
    let mut loose = 0_u64;
    let mut folders = Vec::new();
    for folder in bucket.folder("", |_| loose += 1).await? {
        if platform == Some(folder.as_str()) {
            let mut direct = false;
            let below = bucket.folder(&folder, |_| direct = true).await?;
            folders.extend(below.into_iter().map(|folder| (folder, true)));
            folders.extend(direct.then_some((folder, true)));
        } else {
            folders.push((folder, false));
        }
    }
    if loose > 0 {
        tracing::info!(
            bucket = bucket.name,
            loose,
            "objects lie in the bucket outside of any folder"
        );
    }
    Ok(folders)
}

/// The folders whose own content can't be read, as opposed to a server that can't.
#[derive(Default)]
struct Odd(HashMap<String, (u32, u32)>);

impl Odd {
    /// Failures of one folder before it is left out.
    const TRIES: u32 = 3;

    /// Whether `trouble` is of the folder `path` alone: it comes each time, and others were listed meanwhile. `done` is how
    /// many were listed by now.
    fn is_of_it_alone(&mut self, path: &str, done: u32, trouble: &Trouble) -> bool {
        if trouble.kind != TroubleKind::Protocol {
            return false;
        }
        let (tries, first) = self.0.entry(path.to_owned()).or_insert((0, done));
        *tries += 1;
        *tries >= Self::TRIES && done > *first
    }
}

/// Puts the folders that the operator looks at before all others.
fn to_front(queue: &mut VecDeque<Folder>, looked_at: &[Text]) {
    let wanted: HashSet<&str> = looked_at.iter().map(Text::as_str).collect();
    let (mut first, rest): (VecDeque<Folder>, VecDeque<Folder>) =
        queue.drain(..).partition(|(path, _)| wanted.contains(path.as_str()));
    first.extend(rest);
    *queue = first;
}

/// Tells a shelf of the listing under way. One that is as it was is shared with what was told before.
async fn tell_shelf(
    known: &mut BTreeMap<Text, Arc<Shelf>>,
    sink: &Sink,
    path: &str,
    shelf: Option<Shelf>,
) -> Result<(), Closed> {
    let Some(shelf) = shelf else {
        known.remove(path);
        return Ok(());
    };
    let shelf = match known.get(path) {
        Some(before) if **before == shelf => Arc::clone(before),
        _ => Arc::new(shelf),
    };
    known.insert(shelf.uid.0.clone(), Arc::clone(&shelf));
    sink.tell(FeedId::Backups, [Fact::Upsert(shelf.into())]).await
}

/// Tells a shelf outside of a listing, when it is another than before.
async fn tell_change(
    known: &mut BTreeMap<Text, Arc<Shelf>>,
    sink: &Sink,
    name: Text,
    shelf: Option<Shelf>,
) -> Result<(), Closed> {
    let fact = match (known.get(&name), shelf) {
        (Some(before), Some(shelf)) if **before == shelf => return Ok(()),
        (None, None) => return Ok(()),
        (Some(before), None) => {
            let uid = before.uid.clone();
            known.remove(&name);
            Fact::Remove(uid)
        }
        (_, Some(shelf)) => {
            let shelf = Arc::new(shelf);
            known.insert(name, Arc::clone(&shelf));
            Fact::Upsert(shelf.into())
        }
    };
    sink.tell(FeedId::Backups, [fact]).await
}

/// The bucket of the backups as a whole.
fn described(
    options: &Options,
    known: &BTreeMap<Text, Arc<Shelf>>,
    listed: Option<Timestamp>,
    progress: Option<(u32, u32)>,
) -> domain::Bucket {
    let name = Text::clean(&options.bucket);
    domain::Bucket {
        uid: Uid(name.clone()),
        name,
        what: Text::clean("backups"),
        objects: known.values().map(|shelf| shelf.objects()).sum(),
        bytes: known.values().map(|shelf| shelf.bytes()).fold(0, u64::saturating_add),
        listed,
        progress,
        trouble: None,
        newest: Box::default(),
    }
}

/// How long to wait after so many failures in a row.
fn wait(failed: usize, trouble: &Trouble) -> Duration {
    if trouble.is_refusal() || trouble.kind == TroubleKind::Config {
        return REFUSED;
    }
    Duration::from_millis(WAITS.get(failed).or(WAITS.last()).copied().unwrap_or(1000))
}
