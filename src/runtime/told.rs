//! What the feeds tell, taken in without a screen.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::feeds;
use crate::domain::{Attention, Observation};
use crate::platform::Platform;

/// Runs the feeds of `platform` and hands over what they tell, until `enough` says so or `limit` has passed.
///
/// # Errors
/// When the machine gives no threads.
pub fn until(
    platform: &Arc<dyn Platform>,
    limit: Duration,
    mut enough: impl FnMut(Vec<Observation>) -> bool,
) -> std::io::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let (_tasks, mut told) = feeds::run(platform, &watch::channel(Attention::default()).1);
        let all = async { while told.recv().await.is_some_and(|batch| !enough(batch)) {} };
        // Running out of time is no error: what is known by then is what there is to show.
        let _ = tokio::time::timeout(limit, all).await;
    });
    runtime.shutdown_timeout(Duration::from_millis(200));
    Ok(())
}
