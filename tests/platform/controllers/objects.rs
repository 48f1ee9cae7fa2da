//! What happens to the objects that are looked after.

use std::future::ready;
use std::time::Duration;

use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};
use kube::api::{DynamicObject, ListParams, WatchEvent, WatchParams};
use kube::{Api, Client};
use serde_json::Value;

use super::key::Sort;

const RETRY: Duration = Duration::from_millis(500);

/// Every object once, again whenever it changes, and once more (`true`) when it is gone.
pub(super) fn changes(client: &Client) -> impl Stream<Item = (Sort, Value, bool)> + Unpin + use<> {
    stream::select_all(Sort::all().map(|sort| {
        let api = Api::<DynamicObject>::all_with(client.clone(), &sort.resource());
        // Each round tells what is there, then what changes until the server ends the watch or is lost.
        stream::repeat(api)
            .then(async |api| round(&api).await)
            .flatten()
            .filter_map(move |(object, gone)| {
                ready(serde_json::to_value(object).ok().map(|object| (sort, object, gone)))
            })
            .boxed()
    }))
}

async fn round(api: &Api<DynamicObject>) -> BoxStream<'static, (DynamicObject, bool)> {
    let Ok(listed) = api.list(&ListParams::default()).await else {
        tokio::time::sleep(RETRY).await;
        return stream::empty().boxed();
    };
    let version = listed.metadata.resource_version.unwrap_or_default();
    let there = stream::iter(listed.items).map(|object| (object, false));
    let Ok(events) = api.watch(&WatchParams::default(), &version).await else {
        tokio::time::sleep(RETRY).await;
        return there.boxed();
    };
    let changed = events.filter_map(|event| {
        ready(match event {
            Ok(WatchEvent::Added(object) | WatchEvent::Modified(object)) => Some((object, false)),
            Ok(WatchEvent::Deleted(object)) => Some((object, true)),
            _ => None,
        })
    });
    there.chain(changed).boxed()
}
