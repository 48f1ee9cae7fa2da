//! Which rights lack for a change: the API server is asked, and changes nothing.

use serde_json::{Value, json};

use super::Hand;
use super::place::Spot;
use crate::domain::Text;
use crate::domain::operation::{Command, ObjectRef, Seen};
use crate::live::kubernetes::line::{Fate, Miss};

/// Where one asks what one may do.
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

impl Hand {
    /// What is lacking to make the change `command`.
    pub(super) async fn rights(&self, command: &Command) -> Result<Seen, Miss> {
        let (what, verbs): (_, &[&str]) = match command {
            // An object that is not there yet is made by the same request.
            Command::Apply { what, .. } => (what, &["create", "patch"]),
            Command::Patch { what, .. } => (what, &["patch"]),
            Command::Delete { what, .. } => (what, &["delete"]),
            _ => return Ok(Seen::Lacking(Vec::new())),
        };
        let spot = match self.spot(what, "").await {
            Ok(spot) => spot,
            // It must be read before it is changed.
            Err(miss) if miss.fate == Fate::Refused => {
                let why = Text::bounded(&miss.trouble.to_string(), 512);
                return Ok(Seen::Lacking(vec![why]));
            }
            Err(miss) => return Err(miss),
        };
        let mut lacking = Vec::new();
        for verb in verbs {
            if !self.may(verb, what, &spot).await? {
                lacking.push(sentence(verb, what, &spot));
            }
        }
        Ok(Seen::Lacking(lacking))
    }

    /// Whether the server lets this console `verb` what is at `spot`.
    async fn may(&self, verb: &str, what: &ObjectRef, spot: &Spot) -> Result<bool, Miss> {
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": { "resourceAttributes": {
                "verb": verb,
                "group": what.group,
                "resource": spot.served.plural,
                "name": what.name,
                "namespace": spot.namespace,
            } },
        });
        let doing = format!("asking whether you may {verb} {what}");
        match self.line.post(&doing, REVIEWS, &review).await {
            Ok(answer) => Ok(answer.pointer("/status/allowed") != Some(&Value::Bool(false))),
            // Where one may not ask, who tries finds out.
            Err(miss) if matches!(miss.code, Some(403..=405)) => Ok(true),
            Err(miss) => Err(miss),
        }
    }
}

fn sentence(verb: &str, what: &ObjectRef, spot: &Spot) -> Text {
    let plural = &spot.served.plural;
    let kind =
        if what.group.is_empty() { plural.clone() } else { format!("{plural}.{}", what.group) };
    let place = spot.namespace.as_ref().map_or_else(String::new, |name| format!(" in {name}"));
    let words = format!(
        "the cluster does not let you {verb} {what}: ask an administrator for {verb} on {kind}{place}"
    );
    Text::bounded(&words, 512)
}
