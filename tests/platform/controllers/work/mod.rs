//! What the containers of Jobs do, by the container's name.

mod backup;
mod restore;
mod template;
mod upgrade;

use super::pods::Pod;

/// Does the work of `pod`; what it says when it fails is the programs' own words.
pub(super) async fn run(pod: &Pod<'_>) -> Result<(), String> {
    match pod.container.as_str() {
        "backup" => backup::run(pod).await,
        "restore" => restore::run(pod).await,
        "upgrade" => upgrade::run(pod).await,
        "build" => template::run(pod).await,
        _ => {
            pod.half_way().await?;
            pod.say("done");
            Ok(())
        }
    }
}

/// The words of an error with those of its causes that it does not repeat.
fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
