//! Silences, looked for, made and ended as an operation asks for it.
//!
//! A silence is found again by the operation's id, which stands in its comment in brackets: asked for twice, it is made
//! once.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::{BYTES, Options};
use crate::domain::operation::{NewSilence, Seen};
use crate::domain::{Matcher, Text, Timestamp, Trouble, TroubleKind};
use crate::live::http::{Get, How, Http, Send};
use crate::platform::{Clock, Mark, Unacted};

/// The longest wait for an answer.
const WITHIN: Duration = Duration::from_secs(8);
/// The most alerts that are named.
const NAMED: usize = 500;
/// As much of a reason as is kept.
const REASON: usize = 1000;

/// The hand on one Alertmanager.
pub(in crate::live) struct Hand {
    http: Result<Http, Trouble>,
    tenant_label: String,
    clock: std::sync::Arc<dyn Clock>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Silence {
    id: String,
    #[serde(default)]
    comment: String,
    ends_at: String,
    status: Status,
}

#[derive(Deserialize)]
struct Status {
    state: String,
}

#[derive(Deserialize)]
struct Alert {
    labels: std::collections::BTreeMap<String, String>,
}

impl Silence {
    fn is_active(&self) -> bool {
        self.status.state == "active"
    }

    /// Whether it is the one of this id, or has this mark.
    fn is(&self, mark: &str) -> bool {
        self.id == mark || self.comment.contains(&format!("[{mark}]"))
    }
}

impl Hand {
    /// The hand on the Alertmanager that `options` describe. Asks nothing yet.
    pub(in crate::live) fn new(options: &Options, clock: std::sync::Arc<dyn Clock>) -> Self {
        let tenant_label = options.tenant_label.clone();
        Self { http: Http::new(options.server()), tenant_label, clock }
    }

    /// The silence of this id or mark.
    ///
    /// # Errors
    /// Why nobody can tell.
    pub(in crate::live) async fn silence(&self, mark: &Text) -> Result<Seen, Trouble> {
        let found = self.find(mark.as_str()).await?;
        Ok(found.map_or(Seen::Absent, |silence| Seen::Silence {
            active: silence.is_active(),
            until: Timestamp::parse(&silence.ends_at).unwrap_or_default(),
            id: Text::bounded(&silence.id, 256),
        }))
    }

    /// What `wanted` would hide now: alerts of which somebody is told as yet.
    ///
    /// # Errors
    /// Why nobody can tell.
    pub(in crate::live) async fn would_hide(&self, wanted: &NewSilence) -> Result<Seen, Trouble> {
        const DOING: &str = "asking what the silence would hide";
        let filters: Vec<String> = wanted.matchers.iter().map(filter).collect();
        let mut query = vec![("active", "true"), ("silenced", "false"), ("inhibited", "false")];
        query.extend(filters.iter().map(|filter| ("filter", filter.as_str())));
        let path = "/api/v2/alerts";
        let get = Get { doing: DOING, path, query: &query, within: WITHIN, bytes: BYTES };
        let http = self.http()?;
        let all: Vec<Alert> = match http.ask(get).await {
            Ok(answer) => http.read(&answer, DOING)?,
            // A matcher that it can't read is an answer.
            Err(refused) => match refused.why {
                crate::live::http::Why::Status(400, said) => {
                    return Ok(Seen::Refused(Text::bounded(&said, 512)));
                }
                _ => return Err(refused.trouble),
            },
        };
        let label = |alert: &Alert, name: &str| alert.labels.get(name).cloned().unwrap_or_default();
        let named = all.iter().take(NAMED).map(|alert| {
            let (name, tenant) = (label(alert, "alertname"), label(alert, &self.tenant_label));
            Text::bounded(format!("{name} {tenant}").trim(), 256)
        });
        Ok(Seen::Alerts(named.collect()))
    }

    /// Makes the silence, unless the operation has made it before.
    ///
    /// # Errors
    /// Whether it was made, and why not.
    pub(in crate::live) async fn make(&self, new: &NewSilence, mark: &Mark) -> Result<(), Unacted> {
        let known = self.find(mark.operation.as_str()).await.map_err(unasked)?;
        if known.is_some_and(|silence| silence.is_active()) {
            return Ok(());
        }
        let matcher = |matcher: &Matcher| {
            json!({
                "name": matcher.name,
                "value": matcher.value,
                "isRegex": matcher.regex,
                "isEqual": matcher.equal,
            })
        };
        let reason = Text::bounded(new.reason.as_str(), REASON);
        let body = json!({
            "matchers": new.matchers.iter().map(matcher).collect::<Vec<_>>(),
            "startsAt": self.clock.now().to_string(),
            "endsAt": new.until.to_string(),
            "createdBy": new.by,
            "comment": format!("{reason} [{}]", mark.operation),
        });
        let how = How::Post(&body);
        let path = "/api/v2/silences";
        let send = Send { doing: "making the silence", path, how, within: WITHIN };
        self.http().map_err(Unacted::Refused)?.send(send).await.map(drop)
    }

    /// Ends the silence of this id or mark.
    ///
    /// # Errors
    /// Whether it was ended, and why not.
    pub(in crate::live) async fn expire(&self, mark: &Text) -> Result<(), Unacted> {
        let found = self.find(mark.as_str()).await.map_err(unasked)?;
        let Some(found) = found else {
            let what = format!("there is no silence {mark}");
            return Err(Unacted::Refused(Trouble::new(TroubleKind::Absent, &what, "")));
        };
        if found.status.state == "expired" {
            return Ok(());
        }
        let path = format!("/api/v2/silence/{}", found.id);
        let doing = "ending the silence";
        let send = Send { doing, path: &path, how: How::Delete, within: WITHIN };
        self.http().map_err(Unacted::Refused)?.send(send).await.map(drop)
    }

    /// The silence of this id or mark; of several, one that hides now.
    async fn find(&self, mark: &str) -> Result<Option<Silence>, Trouble> {
        const DOING: &str = "looking for the silence";
        let path = "/api/v2/silences";
        let get = Get { doing: DOING, path, query: &[], within: WITHIN, bytes: BYTES };
        let http = self.http()?;
        let all: Vec<Silence> = http.read(&http.bytes(get).await?, DOING)?;
        let mut own: Vec<Silence> = all.into_iter().filter(|silence| silence.is(mark)).collect();
        own.sort_by_key(Silence::is_active);
        Ok(own.pop())
    }

    fn http(&self) -> Result<&Http, Trouble> {
        self.http.as_ref().map_err(Clone::clone)
    }
}

/// A look before a change failed, so nothing was changed.
fn unasked(trouble: Trouble) -> Unacted {
    match trouble.kind {
        TroubleKind::Unreachable
        | TroubleKind::Slow
        | TroubleKind::Server
        | TroubleKind::Unauthenticated => Unacted::Unreached(trouble),
        _ => Unacted::Refused(trouble),
    }
}

/// `matcher` as a filter of alerts.
fn filter(matcher: &Matcher) -> String {
    let sign = match (matcher.equal, matcher.regex) {
        (true, false) => "=",
        (true, true) => "=~",
        (false, false) => "!=",
        (false, true) => "!~",
    };
    let value = matcher.value.as_str().replace('\\', "\\\\").replace('"', "\\\"");
    format!("{}{sign}\"{value}\"", matcher.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_can_not_get_out_of_its_matcher() {
        let matcher = |value: &str, equal, regex| Matcher {
            name: Text::clean("tenant"),
            value: Text::clean(value),
            regex,
            equal,
        };
        assert_eq!(filter(&matcher("a\"b\\", true, false)), r#"tenant="a\"b\\""#);
        assert_eq!(filter(&matcher("a.*", false, true)), r#"tenant!~"a.*""#);
    }
}
