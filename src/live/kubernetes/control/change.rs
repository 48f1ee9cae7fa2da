//! Changes of objects.

use http::Method;
use serde_json::{Map, Value, json};

use super::place::{Spot, text};
use super::{Hand, MANAGER};
use crate::domain::TroubleKind;
use crate::domain::operation::{OPERATION_MARK, ObjectRef, Which};
use crate::live::kubernetes::api::Cause;
use crate::live::kubernetes::line::{Ask, Miss};
use crate::platform::Mark;

/// The annotation that says who asked for the last change.
const REQUESTED_BY: &str = "console.planapulse.com/requested-by";
/// The annotation that says why.
const REASON: &str = "console.planapulse.com/reason";
/// How often a change is tried whose object changed between reading and writing.
const TRIES: usize = 5;
/// What Flux writes on the objects that it keeps: a name, a namespace, and what that is.
const KEPT_BY: [(&str, &str, &str); 2] = [
    (
        "kustomize.toolkit.fluxcd.io~1name",
        "kustomize.toolkit.fluxcd.io~1namespace",
        "Kustomization",
    ),
    ("helm.toolkit.fluxcd.io~1name", "helm.toolkit.fluxcd.io~1namespace", "HelmRelease"),
];

impl Hand {
    /// Brings `what` into the state of `manifest`.
    pub(super) async fn apply(
        &self,
        what: &ObjectRef,
        manifest: &Value,
        mark: &Mark,
    ) -> Result<(), Miss> {
        self.send(what, manifest, Some(mark)).await.map(drop)
    }

    /// Sends `manifest` by server-side apply; without a mark the server only says what would come of it.
    pub(super) async fn send(
        &self,
        what: &ObjectRef,
        manifest: &Value,
        mark: Option<&Mark>,
    ) -> Result<Value, Miss> {
        let version = manifest.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
        let version = version.rsplit('/').next().unwrap_or_default();
        let spot = self.spot(what, version).await?;
        not_of_flux(what, spot.object.as_ref())?;
        let mut body = complete(manifest, what, &spot);
        if let Some(mark) = mark {
            annotate(&mut body, mark);
        }
        let dry = if mark.is_none() { "&dryRun=All" } else { "" };
        let doing = match mark {
            Some(_) => format!("applying {what}"),
            None => format!("trying {what} out"),
        };
        let query = format!("fieldManager={MANAGER}&fieldValidation=Strict{dry}");
        let miss = match self.apply_with(&doing, &spot, &query, &body).await {
            Err(miss) if miss.code == Some(409) => miss,
            other => return other,
        };
        if !spot.object.as_ref().is_some_and(|_| only_own(&miss.causes)) {
            return Err(conflict(what, miss));
        }
        // What stands in the way is what a patch of the console's own set before. Nothing that others set meanwhile is
        // lost: it is the version that was read, or none.
        let version = spot.object.as_ref().map(|object| text(object, "/metadata/resourceVersion"));
        within(&mut body, "metadata", |meta| {
            meta.insert("resourceVersion".to_owned(), json!(version));
        });
        let again = self.apply_with(&doing, &spot, &format!("{query}&force=true"), &body).await;
        again.map_err(|miss| conflict(what, miss))
    }

    async fn apply_with(
        &self,
        doing: &str,
        spot: &Spot,
        query: &str,
        body: &Map<String, Value>,
    ) -> Result<Value, Miss> {
        let path = format!("{}?{query}", spot.path);
        let body = Value::Object(body.clone());
        let body = Some(("application/apply-patch+yaml", &body));
        self.line.ask(Ask { doing, method: &Method::PATCH, path: &path, body }).await
    }

    /// Changes fields of `what`, if it is the one that is meant.
    pub(super) async fn patch(
        &self,
        what: &ObjectRef,
        which: &Which,
        patch: &Value,
        mark: &Mark,
    ) -> Result<(), Miss> {
        let doing = format!("changing {what}");
        let mut last = None;
        for _ in 0..TRIES {
            let (spot, object) = self.meant(what, which).await?;
            if !only_restarts(patch) {
                not_of_flux(what, Some(&object))?;
            }
            let mut body = fields(patch);
            annotate(&mut body, mark);
            within(&mut body, "metadata", |meta| {
                for key in ["uid", "resourceVersion"] {
                    let value = text(&object, &format!("/metadata/{key}"));
                    meta.insert(key.to_owned(), json!(value));
                }
            });
            let body = Value::Object(body);
            let path = format!("{}?fieldManager={MANAGER}&fieldValidation=Strict", spot.path);
            match self.line.merge(&doing, &path, &body).await {
                Ok(_) => return Ok(()),
                // Somebody changed it between reading and writing.
                Err(miss) if miss.code == Some(409) => last = Some(miss),
                Err(miss) => return Err(miss),
            }
        }
        Err(last.unwrap_or_else(|| gone(what)))
    }

    /// Deletes `what`, if it is the one that is meant.
    pub(super) async fn delete(&self, what: &ObjectRef, which: &Which) -> Result<(), Miss> {
        let (spot, object) = self.meant(what, which).await?;
        not_of_flux(what, Some(&object))?;
        let how = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": { "uid": text(&object, "/metadata/uid") },
            "propagationPolicy": "Background",
        });
        self.line.delete(&format!("deleting {what}"), &spot.path, &how).await.map(drop)
    }

    /// `what` as it is now, if it is the one that is meant.
    async fn meant(&self, what: &ObjectRef, which: &Which) -> Result<(Spot, Value), Miss> {
        let mut spot = self.spot(what, "").await?;
        let object = spot.object.take().ok_or_else(|| gone(what))?;
        let is_it = match which {
            Which::Uid(uid) => uid.0 == *text(&object, "/metadata/uid"),
            Which::MadeBy(id) => {
                let mark = format!("/metadata/annotations/{}", OPERATION_MARK.replace('/', "~1"));
                id.as_str() == text(&object, &mark)
            }
        };
        if !is_it {
            let why = match which {
                Which::Uid(_) => "it was deleted and made again since",
                Which::MadeBy(_) => "another operation made it, or somebody else",
            };
            let what = format!("{what} is not the one that is meant: {why}");
            return Err(Miss::refused(TroubleKind::Denied, &what, "Make the plan anew."));
        }
        Ok((spot, object))
    }
}

fn gone(what: &ObjectRef) -> Miss {
    Miss::refused(TroubleKind::Absent, &format!("{what} is not there"), "")
}

/// Whether `patch` changes nothing but annotations of the pods, which has them restart. Flux leaves those alone, for they
/// are not in git.
fn only_restarts(patch: &Value) -> bool {
    let mut at = patch;
    for name in ["spec", "template", "metadata", "annotations"] {
        match at.as_object() {
            Some(fields) if fields.len() == 1 => at = fields.get(name).unwrap_or(&Value::Null),
            _ => return false,
        }
    }
    at.is_object()
}

/// What Flux keeps is changed in git: Flux would only change it back.
fn not_of_flux(what: &ObjectRef, object: Option<&Value>) -> Result<(), Miss> {
    let Some(object) = object else { return Ok(()) };
    for (name, namespace, keeper) in KEPT_BY {
        let label = |key: &str| text(object, &format!("/metadata/labels/{key}"));
        if !label(name).is_empty() {
            return Err(Miss::refused(
                TroubleKind::Denied,
                &format!(
                    "{what} is kept by Flux, from the {keeper} {}/{}",
                    label(namespace),
                    label(name)
                ),
                "Change it in git: Flux would undo any change that is made here.",
            ));
        }
    }
    Ok(())
}

/// `manifest` with everything that says which object it is.
fn complete(manifest: &Value, what: &ObjectRef, spot: &Spot) -> Map<String, Value> {
    let mut body = fields(manifest);
    body.entry("apiVersion").or_insert_with(|| json!(spot.served.version));
    body.entry("kind").or_insert_with(|| json!(what.kind));
    within(&mut body, "metadata", |meta| {
        meta.entry("name").or_insert_with(|| json!(what.name));
        match &spot.namespace {
            Some(namespace) => meta.insert("namespace".to_owned(), json!(namespace)),
            None => meta.remove("namespace"),
        };
    });
    body
}

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

/// Changes the map at `key` of `body`, made where it lacks, or where something else is in its place.
fn within(body: &mut Map<String, Value>, key: &str, change: impl FnOnce(&mut Map<String, Value>)) {
    let value = body.entry(key).or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    if let Some(map) = value.as_object_mut() {
        change(map);
    }
}

fn annotate(body: &mut Map<String, Value>, mark: &Mark) {
    within(body, "metadata", |meta| {
        within(meta, "annotations", |notes| {
            notes.insert(OPERATION_MARK.to_owned(), json!(mark.operation));
            notes.insert(REQUESTED_BY.to_owned(), json!(mark.by));
            notes.insert(REASON.to_owned(), json!(mark.reason));
        });
    });
}

/// Whether all that stands in the way is what the console itself set, by a patch.
fn only_own(causes: &[Cause]) -> bool {
    let own = format!("conflict with \"{MANAGER}\"");
    let is_own =
        |cause: &Cause| cause.reason == "FieldManagerConflict" && cause.message.starts_with(&own);
    !causes.is_empty() && causes.iter().all(is_own)
}

/// A refusal because of others' fields, naming them.
fn conflict(what: &ObjectRef, miss: Miss) -> Miss {
    let others = miss.causes.iter().filter(|cause| cause.reason == "FieldManagerConflict");
    let mut named: Vec<String> = Vec::new();
    for cause in others {
        let manager = cause.message.split('"').nth(1).unwrap_or("somebody else");
        named.push(format!("{manager} keeps {}", cause.field));
    }
    if named.is_empty() {
        return miss;
    }
    let trouble = crate::domain::Trouble::new(
        TroubleKind::Denied,
        &format!("{what} has fields that others keep: {}", named.join(", ")),
        "Leave those fields to them, or have them changed where they are kept.",
    );
    Miss { trouble, ..miss }
}
