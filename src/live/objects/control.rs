//! Single backups, looked at as an operation asks for it: what they are, and their first bytes.

use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::path::Path;
use object_store::{GetOptions, ObjectMeta, ObjectStore as _, ObjectStoreExt as _};

use super::Wanted;
use super::bucket::Bucket;
use super::door::{Door, Refusal, refusal};
use super::trouble;
use crate::domain::operation::{BackupSeen, Seen};
use crate::domain::{Text, Timestamp, Trouble, TroubleKind};

/// So many bytes tell what a file is.
const HEAD: u64 = 16;
/// The most backups of one answer.
const MOST: usize = 2_000;
/// The most pages that are read for it: what is newest may come last.
const PAGES: usize = 100;
/// Names on a page.
const PAGE: usize = 1000;

/// The hand on the bucket of backups.
pub(in crate::live) struct Hand(Wanted);

impl Hand {
    /// The hand on the bucket that `wanted` names. Asks nothing yet.
    pub(in crate::live) fn new(wanted: Wanted) -> Self {
        Self(wanted)
    }

    /// The backup of this key.
    ///
    /// # Errors
    /// Why nobody can tell.
    pub(in crate::live) async fn backup(&self, key: &Text) -> Result<Seen, Trouble> {
        let bucket = self.bucket().await?;
        let Ok(path) = Path::parse(key.as_str()) else { return Ok(Seen::Absent) };
        let meta = match bucket.store().head(&path).await {
            Ok(meta) => Some(meta),
            Err(error) => match status(&error) {
                Some(404) => {
                    // A bucket that is not there lacks the object too, and that is another thing.
                    bucket.knock("").await?;
                    None
                }
                // Who may only list is told what a listing tells.
                Some(403) => listed(&bucket, key.as_str(), 1)
                    .await?
                    .into_iter()
                    .find(|meta| meta.location == path),
                _ => return Err(trouble::of(&error, bucket.asked())),
            },
        };
        let Some(meta) = meta else { return Ok(Seen::Absent) };
        let mut seen = seen(&meta);
        if seen.etag.is_empty() {
            // Nobody could tell whether another was written in its place.
            let what = format!("the S3 server names no tag of {key}");
            let remedy = "Look whether objects.endpoint is the address of an S3 server.";
            return Err(Trouble::new(TroubleKind::Protocol, &what, remedy));
        }
        seen.head = head(&bucket, &path, meta.size).await?;
        Ok(Seen::Backup(seen))
    }

    /// The backups whose keys begin with `prefix`, the newest last.
    ///
    /// # Errors
    /// Why nobody can tell.
    pub(in crate::live) async fn backups(&self, prefix: &Text) -> Result<Seen, Trouble> {
        let bucket = self.bucket().await?;
        let mut all = listed(&bucket, prefix.as_str(), PAGES).await?;
        all.sort_by(|a, b| (a.last_modified, &a.location).cmp(&(b.last_modified, &b.location)));
        let old = all.len().saturating_sub(MOST);
        Ok(Seen::Backups(all.iter().skip(old).map(seen).collect()))
    }

    async fn bucket(&self) -> Result<Bucket, Trouble> {
        let options = self.0.options().await?;
        Bucket::open(&options, &options.bucket, "objects.bucket", &Door::to_objects())
    }
}

/// What a listing tells of the objects whose keys begin with `prefix`.
async fn listed(bucket: &Bucket, prefix: &str, pages: usize) -> Result<Vec<ObjectMeta>, Trouble> {
    let prefix = (!prefix.is_empty()).then_some(prefix);
    let (mut all, mut next) = (Vec::new(), None);
    for _ in 0..pages {
        let options = PaginatedListOptions {
            max_keys: Some(PAGE),
            page_token: next.take(),
            ..PaginatedListOptions::default()
        };
        let page = bucket.store().list_paginated(prefix, options).await;
        let page = page.map_err(|error| trouble::of(&error, bucket.asked()))?;
        all.extend(page.result.objects);
        next = page.page_token;
        if next.is_none() {
            break;
        }
    }
    Ok(all)
}

/// The first bytes; none where they may not be read.
async fn head(bucket: &Bucket, path: &Path, size: u64) -> Result<Option<Vec<u8>>, Trouble> {
    if size == 0 {
        return Ok(Some(Vec::new()));
    }
    let options = GetOptions { range: Some((0..HEAD.min(size)).into()), ..GetOptions::default() };
    let read = async { bucket.store().get_opts(path, options).await?.bytes().await };
    match read.await {
        Ok(bytes) => Ok(Some(bytes.iter().copied().take(HEAD as usize).collect())),
        Err(error) if is_away(&error) => Err(trouble::of(&error, bucket.asked())),
        Err(_) => Ok(None),
    }
}

fn status(error: &object_store::Error) -> Option<u16> {
    match refusal(error) {
        Some(Refusal::Status { status, .. }) => Some(*status),
        _ => None,
    }
}

/// Whether the server could not be heard, as opposed to refusing.
fn is_away(error: &object_store::Error) -> bool {
    matches!(refusal(error), Some(Refusal::Late | Refusal::Link(_)))
}

fn seen(meta: &ObjectMeta) -> BackupSeen {
    // Some servers name no tags in listings.
    let etag = meta.e_tag.as_deref().unwrap_or_default();
    BackupSeen {
        key: Text::clean(meta.location.as_ref()),
        etag: Text::bounded(etag.trim_matches('"'), 256),
        bytes: meta.size,
        modified: Timestamp::from_ms(meta.last_modified.timestamp_millis()),
        head: None,
    }
}
