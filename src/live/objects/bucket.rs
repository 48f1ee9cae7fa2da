//! Reading one bucket: pages of names, and single objects by their key.

use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::{Certificate, ClientOptions, RetryConfig};
use secrecy::{ExposeSecret as _, SecretString};

use super::Options;
use super::door::Door;
use super::trouble::{self, Asked};
use crate::domain::backup::{Rules, ShelfBuilder};
use crate::domain::{Shelf, Text, Timestamp, Trouble, TroubleKind};

/// The longest wait for one answer. The operator is told long before that it takes long.
pub(super) const LIMIT: Duration = Duration::from_secs(30);
/// The longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(4);
/// Names in one page; more is not given by any server.
const PAGE: usize = 1000;
/// The most pages of one folder: a million objects. What is beyond is not seen, and said.
const PAGES_MAX: usize = 1000;
/// The most folders of a bucket.
pub(super) const FOLDERS_MAX: usize = 65_536;

/// The keys to a bucket.
#[derive(Clone)]
pub struct Keys {
    /// The access key.
    pub access: SecretString,
    /// The secret key.
    pub secret: SecretString,
}

/// One bucket.
pub(super) struct Bucket {
    store: AmazonS3,
    endpoint: String,
    pub(super) name: String,
    setting: &'static str,
}

/// One object, as a listing has it.
pub(super) struct Listed {
    pub(super) key: String,
    pub(super) bytes: u64,
    pub(super) at: Timestamp,
}

/// One page of a listing.
struct Page {
    objects: Vec<Listed>,
    folders: Vec<String>,
    next: Option<String>,
}

impl Bucket {
    /// The bucket `name` of the server that `options` describe; nothing is asked yet.
    ///
    /// # Errors
    /// When the settings can't be a server.
    pub(super) fn open(
        options: &Options,
        name: &str,
        setting: &'static str,
        door: &Door,
    ) -> Result<Self, Trouble> {
        let wrong = |why: &dyn std::fmt::Display| {
            let what = format!("the S3 server can't be asked: {why}");
            Trouble::new(TroubleKind::Config, &what, "Look at the settings objects.*.")
        };
        let mut client = ClientOptions::new()
            .with_allow_http(true)
            .with_connect_timeout(CONNECT)
            .with_timeout(LIMIT);
        if let Some(file) = &options.ca_file {
            let pem = std::fs::read(file)
                .map_err(|error| wrong(&format!("{}: {error}", file.display())))?;
            let bundle = Certificate::from_pem_bundle(&pem).map_err(|error| wrong(&error))?;
            client = client.with_no_system_certificates(true);
            for certificate in bundle {
                client = client.with_root_certificate(certificate);
            }
        }
        let mut builder = AmazonS3Builder::new()
            .with_endpoint(&options.endpoint)
            .with_allow_http(true)
            .with_region(&options.region)
            .with_bucket_name(name)
            .with_client_options(client)
            .with_http_connector(door.clone())
            // Who asks decides when to ask again, so that trouble is said at once.
            .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() });
        builder = match &options.keys {
            Some(keys) => builder
                .with_access_key_id(keys.access.expose_secret())
                .with_secret_access_key(keys.secret.expose_secret()),
            None => builder.with_skip_signature(true),
        };
        Ok(Self {
            store: builder.build().map_err(|error| wrong(&error))?,
            endpoint: options.endpoint.clone(),
            name: name.to_owned(),
            setting,
        })
    }

    /// What is asked of whom, for sentences.
    pub(super) fn asked(&self) -> Asked<'_> {
        Asked { bucket: &self.name, endpoint: &self.endpoint, setting: self.setting }
    }

    /// The store itself, for who looks at single objects.
    pub(super) fn store(&self) -> &AmazonS3 {
        &self.store
    }

    async fn page(
        &self,
        prefix: &str,
        delimiter: bool,
        next: Option<String>,
        most: usize,
    ) -> Result<Page, Trouble> {
        let options = PaginatedListOptions {
            delimiter: delimiter.then_some("/".into()),
            max_keys: Some(most),
            page_token: next,
            ..PaginatedListOptions::default()
        };
        let prefix = (!prefix.is_empty()).then_some(prefix);
        let page = self.store.list_paginated(prefix, options).await;
        let page = page.map_err(|error| trouble::of(&error, self.asked()))?;
        let objects = page.result.objects.into_iter().map(|object| Listed {
            key: String::from(object.location),
            bytes: object.size,
            at: Timestamp::from_ms(object.last_modified.timestamp_millis()),
        });
        Ok(Page {
            objects: objects.collect(),
            folders: page.result.common_prefixes.into_iter().map(String::from).collect(),
            next: page.page_token,
        })
    }

    /// Calls `each` with every object directly in the folder `prefix` (empty: the bucket itself); gives the folders in
    /// it, as whole paths without a `/` at the end.
    pub(super) async fn folder(
        &self,
        prefix: &str,
        mut each: impl FnMut(Listed) + Send,
    ) -> Result<Vec<String>, Trouble> {
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        let (mut folders, mut next) = (Vec::new(), None);
        for _ in 0..PAGES_MAX {
            let page = self.page(&prefix, true, next.take(), PAGE).await?;
            page.objects.into_iter().for_each(&mut each);
            folders.extend(page.folders);
            folders.truncate(FOLDERS_MAX);
            next = page.next;
            if next.is_none() {
                return Ok(folders);
            }
        }
        tracing::warn!(
            bucket = self.name,
            prefix,
            "a folder has too many objects to list it whole"
        );
        Ok(folders)
    }

    /// Calls `each` with objects wherever in the bucket; at most `pages` pages of them. Says whether that was all.
    pub(super) async fn flat(
        &self,
        pages: usize,
        mut each: impl FnMut(Listed) + Send,
    ) -> Result<bool, Trouble> {
        let mut next = None;
        for _ in 0..pages {
            let page = self.page("", false, next.take(), PAGE).await?;
            page.objects.into_iter().for_each(&mut each);
            next = page.next;
            if next.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks for as little as can be asked: whether the server is there and lets us in.
    pub(super) async fn knock(&self, prefix: &str) -> Result<(), Trouble> {
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        self.page(&prefix, true, None, 1).await.map(drop)
    }

    /// The shelf in the folder `prefix`; none when nothing is there.
    pub(super) async fn shelf(
        &self,
        prefix: &str,
        platform: bool,
    ) -> Result<Option<Shelf>, Trouble> {
        let mut builder = shelf_builder(prefix, platform);
        let mut seen = 0_u64;
        let mut add = |object: Listed| {
            seen += 1;
            builder.add(&object.key, object.bytes, object.at);
        };
        let folders = self.folder(prefix, &mut add).await?;
        let insurance = format!("{prefix}/insurance");
        let mut strange = Vec::new();
        for folder in folders {
            if folder == insurance {
                strange.extend(self.folder(&folder, &mut add).await?);
            } else {
                strange.push(folder);
            }
        }
        for folder in strange {
            builder.add_folder(&folder);
            seen += 1;
        }
        Ok((seen > 0).then(|| builder.build()))
    }
}

/// A shelf to be, for the folder `path`.
pub(super) fn shelf_builder(path: &str, platform: bool) -> ShelfBuilder {
    let drift = Rules::default().drift;
    if platform { ShelfBuilder::platform(path, drift) } else { ShelfBuilder::new(path, drift) }
}

/// The newest few of many objects, newest first.
#[derive(Default)]
pub(super) struct Newest(Vec<(Text, u64, Timestamp)>);

impl Newest {
    const MOST: usize = 12;
    const NAME_BYTES: usize = 256;

    /// Takes in one more.
    pub(super) fn add(&mut self, object: &Listed) {
        let at = self.0.partition_point(|(_, _, at)| *at >= object.at);
        if at < Self::MOST {
            let name = Text::bounded(&object.key, Self::NAME_BYTES);
            self.0.insert(at, (name, object.bytes, object.at));
            self.0.truncate(Self::MOST);
        }
    }

    /// Them.
    pub(super) fn into_boxed(self) -> Box<[(Text, u64, Timestamp)]> {
        self.0.into_boxed_slice()
    }
}
