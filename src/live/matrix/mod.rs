//! The chat that staff reads: one message into one room, by Matrix's client-server API.
//!
//! The console says there when it is opened without signing in and who looks after an alert, and reads nothing. A message has a transaction id, so that sending it again, because no
//! answer came, does not say it twice. Every answer is bounded in time and size, and nobody is followed elsewhere.

mod http;
mod trouble;

use std::path::PathBuf;

use serde_json::{Value, json};
use tokio::sync::Mutex;

use self::http::{Api, Said};
use super::{kubernetes, secret};
use crate::config::{MatrixSettings, SecretRef, ServerUrl};
use crate::domain::{Announcement, Trouble, TroubleKind};

/// Where the chat is; its token is not fetched yet.
#[derive(Clone)]
pub(super) struct Options {
    url: ServerUrl,
    token: Option<SecretRef>,
    ca_file: Option<PathBuf>,
    room: String,
    /// The cluster that may hold the token.
    kubernetes: kubernetes::Options,
}

impl Options {
    /// What `settings` say; none when they name no server or no room.
    pub(super) fn of(settings: &MatrixSettings, kubernetes: &kubernetes::Options) -> Option<Self> {
        Some(Self {
            url: settings.url.value.clone()?,
            token: settings.token.value.clone(),
            ca_file: settings.ca_file.value.clone(),
            room: settings.alerts_room.value.clone()?,
            kubernetes: kubernetes.clone(),
        })
    }
}

/// The room where consoles announce.
pub(super) struct Room {
    options: Options,
    /// The room's id, once its alias was looked up.
    id: Mutex<Option<String>>,
}

impl Room {
    /// The room that `options` name. Asks nothing yet.
    pub(super) fn new(options: Options) -> Self {
        Self { options, id: Mutex::new(None) }
    }

    /// Says `announcement` in the room.
    pub(super) async fn announce(&self, announcement: &Announcement) -> Result<(), Trouble> {
        self.say(announcement.id.as_str(), &announcement.sentences()).await
    }

    /// Says `sentences` in the room: with the same `id` again, they are said once.
    pub(super) async fn say(&self, id: &str, sentences: &[String]) -> Result<(), Trouble> {
        let api = self.api().await?;
        let room = self.room(&api).await?;
        let path = ["_matrix", "client", "v3", "rooms", &room, "send", "m.room.message", id];
        let said = api.ask(&path, Some(&message(sentences))).await;
        let answer = said.map_err(|said| trouble::of(&said, "announcing", &self.place()))?;
        if answer.get("event_id").is_some_and(Value::is_string) {
            return Ok(());
        }
        let said = Said::Strange("its answer names no event".to_owned());
        Err(trouble::of(&said, "announcing", &self.place()))
    }

    async fn api(&self) -> Result<Api, Trouble> {
        let Options { url, token, ca_file, kubernetes, .. } = &self.options;
        if !url.as_str().starts_with("http") {
            let what = format!("matrix.url is {url}, which is no address of HTTP");
            let remedy = "Set it to https://…; a service of the cluster can't be used for it.";
            return Err(Trouble::new(TroubleKind::Config, &what, remedy));
        }
        let Some(reference) = token.clone() else {
            return Err(Trouble::new(
                TroubleKind::Config,
                "matrix.token is not set, and nobody may speak without it",
                "Set it to where the access token of the console's account is kept.",
            ));
        };
        let token = secret::fetch(reference, "matrix.token", kubernetes).await?;
        Api::new(url, &token, ca_file.as_deref()).await
    }

    /// The room's id: as it is set, or what its alias stands for.
    async fn room(&self, api: &Api) -> Result<String, Trouble> {
        let named = &self.options.room;
        if named.starts_with('!') {
            return Ok(named.clone());
        }
        if !named.starts_with('#') {
            return Err(Trouble::new(
                TroubleKind::Config,
                &format!("matrix.alerts_room is {named:?}, which is no room"),
                "Set it to an alias such as #alerts:example.bg, or to an id that begins with !.",
            ));
        }
        let mut known = self.id.lock().await;
        if let Some(id) = &*known {
            return Ok(id.clone());
        }
        let path = ["_matrix", "client", "v3", "directory", "room", named];
        let said = api.ask(&path, None).await;
        let answer = said.map_err(|said| trouble::of(&said, "looking up", &self.place()))?;
        let id = answer.get("room_id").and_then(Value::as_str).filter(|id| id.starts_with('!'));
        let Some(id) = id else {
            let said = Said::Strange("its answer names no room".to_owned());
            return Err(trouble::of(&said, "looking up", &self.place()));
        };
        *known = Some(id.to_owned());
        Ok(id.to_owned())
    }

    fn place(&self) -> trouble::Place<'_> {
        trouble::Place { address: self.options.url.as_str(), room: &self.options.room }
    }
}

/// The message, for people and for programs that show no HTML. It mentions nobody, whatever is in it.
fn message(sentences: &[String]) -> Value {
    let mut lines = sentences.iter().map(|sentence| escaped(sentence));
    let first = lines.next().unwrap_or_default();
    let rest = lines.fold(String::new(), |rest, line| rest + "<br>" + &line);
    json!({
        "msgtype": "m.text",
        "body": sentences.join("\n"),
        "format": "org.matrix.custom.html",
        "formatted_body": format!("<strong>{first}</strong>{rest}"),
        "m.mentions": {},
    })
}

/// `text` as HTML shows it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Happening, Opener, Role, Text, Timestamp};

    #[test]
    fn what_people_typed_can_not_become_markup_or_a_mention() {
        let announcement = Announcement {
            id: Text::clean("1"),
            happening: Happening::Begun,
            at: Timestamp::from_ms(0),
            who: Opener::default(),
            reason: Text::clean("<img src=x onerror=\"a('b')\"> & @room \u{1b}[31m"),
            profile: Text::clean("<b>"),
            training: false,
            role: Role::Viewer,
            read_only: true,
            version: Text::clean("1"),
        };
        let message = message(&announcement.sentences());
        let html = message["formatted_body"].as_str().expect("text");
        assert!(
            html.contains("&lt;img src=x onerror=&quot;a(&#39;b&#39;)&quot;&gt; &amp; @room"),
            "{html}"
        );
        let tags = html.replace("<strong>", "").replace("</strong>", "").replace("<br>", "");
        assert!(!tags.contains('<') && !html.contains('\u{1b}'), "{html}");
        assert_eq!(message["m.mentions"], json!({}), "nobody is mentioned");
    }
}
