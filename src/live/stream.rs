//! The streams' server of a profile: fetches what it takes to connect, then reads the event stream, or surveys the rest.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::{kubernetes, secret, valkey};
use crate::config::ValkeySettings;
use crate::domain::{Fact, FeedId, Trouble, TroubleKind};
use crate::platform::{Closed, Feed, Sink};

/// How long to wait before a secret that could not be had is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// What is wanted: settings whose secrets are not fetched yet.
#[derive(Clone)]
pub(super) struct Wanted {
    pub(super) valkey: ValkeySettings,
    pub(super) history: usize,
    pub(super) cursor_file: PathBuf,
    /// The cluster that may hold the password.
    pub(super) kubernetes: kubernetes::Options,
}

/// The feed of the event stream.
pub(super) struct Events(pub(super) Wanted);

impl Feed for Events {
    fn ids(&self) -> Vec<FeedId> {
        vec![FeedId::Events]
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        // The only way to end before reading is that nobody listens, or that there is nothing to read.
        let read = |options| -> Box<dyn Feed> { Box::new(valkey::feed(options)) };
        async move { self.0.run(sink, &[FeedId::Events], read).await.unwrap_or(()) }.boxed()
    }
}

/// The feeds of all else that the server holds.
pub(super) struct Survey(pub(super) Wanted);

impl Feed for Survey {
    fn ids(&self) -> Vec<FeedId> {
        valkey::Survey::FEEDS.to_vec()
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        let read = |options| -> Box<dyn Feed> { Box::new(valkey::survey(options)) };
        async move { self.0.run(sink, &valkey::Survey::FEEDS, read).await.unwrap_or(()) }.boxed()
    }
}

impl Wanted {
    /// Asks for the options until they can be had, then runs what `reader` makes of them, which tells `feeds`.
    async fn run(
        self,
        sink: Sink,
        feeds: &[FeedId],
        reader: fn(valkey::Options) -> Box<dyn Feed>,
    ) -> Result<(), Closed> {
        let mut told = None;
        loop {
            let trouble = match self.options().await {
                Ok(options) => {
                    reader(options).run(sink).await;
                    return Ok(());
                }
                Err(trouble) => trouble,
            };
            let final_word = trouble.kind == TroubleKind::NotConfigured;
            if told.as_ref() != Some(&trouble) {
                for feed in feeds {
                    sink.tell(*feed, [Fact::Unreachable(trouble.clone())]).await?;
                }
                told = Some(trouble);
            }
            if final_word {
                return Ok(());
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// What it takes to connect, its password fetched.
    pub(super) async fn options(&self) -> Result<valkey::Options, Trouble> {
        let settings = &self.valkey;
        let Some(url) = &settings.url.value else {
            return Err(Trouble::new(
                TroubleKind::NotConfigured,
                "no Valkey is set for this profile",
                "Set valkey.url in the profile to see its events, streams and keys.",
            ));
        };
        let password = match settings.password.value.clone() {
            None => None,
            Some(reference) => {
                Some(secret::fetch(reference, "valkey.password", &self.kubernetes).await?)
            }
        };
        Ok(valkey::Options {
            url: url.to_string(),
            username: settings.username.value.clone(),
            password,
            ca_file: settings.ca_file.value.clone(),
            stream: settings.stream.value.clone(),
            field: settings.field.value.clone(),
            history: self.history,
            cursor_file: Some(self.cursor_file.clone()),
        })
    }
}
