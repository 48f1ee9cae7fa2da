//! What must be so: the question, and which answer is wanted.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ContentsSeen, Oid, Query, Seen};
use crate::domain::{Text, Timestamp, Uid};

/// Something that must be so, and how to find out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// The question.
    pub query: Query,
    /// The wanted answer.
    pub expect: Expect,
}

/// Which answer is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expect {
    /// It is not there.
    Absent,
    /// It is there, whatever it is like.
    Present,
    /// An object of the cluster is this very one.
    Uid(Uid),
    /// An object of the cluster is this very one, unchanged.
    Unchanged {
        /// Its identity.
        uid: Uid,
        /// What its specification was.
        spec: Value,
    },
    /// A field of an object has this value. The field is written as a JSON pointer.
    Field {
        /// The pointer.
        pointer: Text,
        /// The value.
        value: Value,
    },
    /// An object of the platform is synced and ready.
    Ready,
    /// A Job has succeeded; when it has failed, there is no use in waiting.
    JobDone,
    /// A Deployment runs what its template says, everywhere.
    RolledOut,
    /// A database is this very one.
    Oid(Oid),
    /// A database is there and is another than this one.
    OtherThan(Oid),
    /// Whether one may connect to a database.
    Open(bool),
    /// Nobody is connected to a database.
    NoSessions,
    /// A copy holds as much as was there before: at least these tables, modules and people.
    Holds(ContentsSeen),
    /// A session does nothing, or is over.
    Idle,
    /// Whether a pool is paused.
    Paused(bool),
    /// An object of the bucket has this tag and size.
    Tagged {
        /// The tag.
        etag: Text,
        /// The size in bytes.
        bytes: u64,
    },
    /// An object of the bucket is there, is newer than this, and at least so large.
    Written {
        /// Newer than this.
        after: Timestamp,
        /// In bytes.
        least: u64,
    },
    /// A silence hides now, or does not any more.
    Hides(bool),
    /// Somebody looks after an alert: this one.
    By(Text),
    /// An address is well.
    Well,
    /// Nothing lacks for a change.
    Allowed,
}

/// How an answer stands to what is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reached {
    /// It is as wanted; in words what was seen, for the time line.
    Yes(Text),
    /// Not yet; in words how far it is.
    NotYet(Text),
    /// It will not come to that, and why.
    Never(Text),
}

impl Goal {
    /// Such a goal.
    #[must_use]
    pub const fn new(query: Query, expect: Expect) -> Self {
        Self { query, expect }
    }
}

impl Expect {
    /// How `seen` stands to it.
    #[must_use]
    pub fn judge(&self, seen: &Seen) -> Reached {
        if let Seen::Refused(why) = seen {
            return Reached::Never(why.clone());
        }
        match self {
            Self::Absent => when(*seen == Seen::Absent, "it is not there", "it is there"),
            Self::Present => when(*seen != Seen::Absent, "it is there", "it is not there yet"),
            Self::Uid(_)
            | Self::Unchanged { .. }
            | Self::Field { .. }
            | Self::Ready
            | Self::JobDone
            | Self::RolledOut => match seen {
                Seen::Object(object) => self.of_object(object),
                _ => not_yet("it is not there"),
            },
            Self::Oid(_) | Self::OtherThan(_) | Self::Open(_) | Self::NoSessions => {
                self.of_database(seen)
            }
            Self::Holds(least) => match seen {
                Seen::Contents(contents) => holds(contents, least),
                _ => not_yet("the database is not there"),
            },
            Self::Idle => match seen {
                Seen::Session { state, .. } if state == "active" => not_yet("it works still"),
                _ => yes("its statement has ended"),
            },
            Self::Paused(wanted) => match seen {
                Seen::Pool { paused, active, waiting } => {
                    let words =
                        format!("{active} clients work and {waiting} wait; paused: {paused}");
                    when(paused == wanted, &words, &words)
                }
                // pgbouncer knows no pool that nobody used yet: there is nothing to hold back, and nothing is.
                _ => yes("nobody uses the pool"),
            },
            Self::Tagged { .. } | Self::Written { .. } => self.of_backup(seen),
            Self::Hides(wanted) => hides(*wanted, seen),
            Self::By(who) => match seen {
                Seen::Acknowledgement { by, .. } if by == who => {
                    yes(&format!("{who} looks after it"))
                }
                Seen::Acknowledgement { by, .. } => {
                    Reached::Never(Text::clean(&format!("{by} looks after it already")))
                }
                _ => not_yet("nobody looks after it"),
            },
            Self::Well => match seen {
                Seen::Health { well: true, says } => Reached::Yes(says.clone()),
                Seen::Health { says, .. } => Reached::NotYet(says.clone()),
                _ => not_yet("it does not answer"),
            },
            Self::Allowed => match seen {
                Seen::Lacking(lacking) => match lacking.first() {
                    Some(what) => Reached::NotYet(what.clone()),
                    None => yes("nothing stands in the way"),
                },
                _ => not_yet("nobody can tell"),
            },
        }
    }

    fn of_object(&self, object: &Value) -> Reached {
        let text =
            |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let uid = text("/metadata/uid");
        match self {
            Self::Uid(wanted) => same_uid(uid, wanted),
            Self::Unchanged { uid: wanted, spec } => match same_uid(uid, wanted) {
                Reached::Yes(_) if object.get("spec").unwrap_or(&Value::Null) != spec => {
                    let field =
                        first_difference(spec, object.get("spec").unwrap_or(&Value::Null), "spec");
                    never(&format!("{field} was changed since"))
                }
                other => other,
            },
            Self::Field { pointer, value } => {
                let is = object.pointer(pointer.as_str()).unwrap_or(&Value::Null);
                let words = format!(
                    "{} is {is}",
                    pointer.as_str().trim_start_matches('/').replace('/', ".")
                );
                when(is == value, &words, &words)
            }
            Self::JobDone => job(object),
            Self::RolledOut => rolled_out(object),
            _ => ready(object),
        }
    }

    fn of_database(&self, seen: &Seen) -> Reached {
        let Seen::Database(database) = seen else { return not_yet("the database is not there") };
        let oid = database.oid;
        match self {
            Self::Oid(wanted) if oid == *wanted => {
                yes(&format!("database {oid}, {} bytes", database.bytes))
            }
            Self::Oid(wanted) => {
                never(&format!("it is database {oid}, not {wanted}: another took its place"))
            }
            Self::OtherThan(old) => {
                when(oid != *old, "another database is there", "the database of before is there")
            }
            Self::Open(wanted) => when(
                database.open == *wanted,
                if *wanted { "it takes connections" } else { "it takes no connections" },
                if *wanted { "it takes no connections yet" } else { "it takes connections still" },
            ),
            _ => when(
                database.sessions == 0,
                "nobody is connected",
                &format!("{} are connected still", database.sessions),
            ),
        }
    }

    fn of_backup(&self, seen: &Seen) -> Reached {
        let Seen::Backup(backup) = seen else { return not_yet("it is not in the bucket") };
        match self {
            Self::Tagged { etag, bytes } if backup.etag == *etag && backup.bytes == *bytes => {
                yes(&format!("{} bytes", backup.bytes))
            }
            Self::Written { after, least }
                if backup.modified >= *after && backup.bytes >= *least =>
            {
                yes(&format!("{} bytes, written {}", backup.bytes, backup.modified))
            }
            Self::Written { after, .. } if backup.modified < *after => {
                not_yet("only an older one is there")
            }
            Self::Written { least, .. } => {
                never(&format!("it has {} bytes only; {least} would be plausible", backup.bytes))
            }
            _ => never("another backup was written in its place"),
        }
    }
}

fn yes(words: &str) -> Reached {
    Reached::Yes(Text::clean(words))
}

fn not_yet(words: &str) -> Reached {
    Reached::NotYet(Text::clean(words))
}

fn never(words: &str) -> Reached {
    Reached::Never(Text::clean(words))
}

fn when(reached: bool, is: &str, is_not: &str) -> Reached {
    if reached { yes(is) } else { not_yet(is_not) }
}

fn same_uid(uid: &str, wanted: &Uid) -> Reached {
    if wanted.0 == *uid {
        yes("it is the same object")
    } else {
        never("it was deleted and made again since")
    }
}

/// Where two values first differ, as a path.
fn first_difference(before: &Value, after: &Value, path: &str) -> String {
    if let (Value::Object(old), Value::Object(new)) = (before, after) {
        let names = old.keys().chain(new.keys().filter(|name| !old.contains_key(*name)));
        for name in names {
            let (old, new) =
                (old.get(name).unwrap_or(&Value::Null), new.get(name).unwrap_or(&Value::Null));
            if old != new {
                return first_difference(old, new, &format!("{path}.{name}"));
            }
        }
    }
    path.to_owned()
}

/// The condition `kind` of `object`: its status, and what it says.
fn condition<'a>(object: &'a Value, kind: &str) -> Option<(&'a str, String)> {
    let all = object.pointer("/status/conditions")?.as_array()?;
    let one = all.iter().find(|one| one.get("type").and_then(Value::as_str) == Some(kind))?;
    let field = |name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default();
    let words = [field("reason"), field("message")];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    Some((field("status"), words.join(": ")))
}

fn ready(object: &Value) -> Reached {
    let synced = condition(object, "Synced");
    if let Some(("False", why)) = &synced {
        return not_yet(&format!("not synced: {why}"));
    }
    match condition(object, "Ready") {
        // What it says may be of the state before.
        Some(("True", _)) if is_observed(object) => yes("synced and ready"),
        // A run whose Job has failed is over: its controller does not try again.
        Some(("False", why)) if is_failed(object, &why) => never(&format!("it has failed: {why}")),
        Some((_, why)) if why.is_empty() => not_yet("not ready yet"),
        Some((_, why)) => not_yet(&format!("not ready yet: {why}")),
        None => not_yet("no controller has looked at it yet"),
    }
}

/// Whether a run is over: its phase says so, or the words of its condition begin with a reason that is an end.
fn is_failed(object: &Value, why: &str) -> bool {
    let reason = why.split(':').next().unwrap_or_default();
    let phase = object.pointer("/status/phase").and_then(Value::as_str);
    matches!(reason, "Failed" | "Error") || phase == Some("Failed")
}

/// Whether the status of `object` speaks of its present specification, as far as it tells: as a whole, or in each
/// condition.
fn is_observed(object: &Value) -> bool {
    let Some(is) = object.pointer("/metadata/generation").and_then(Value::as_u64) else {
        return true;
    };
    let whole = object.pointer("/status/observedGeneration");
    let each = object.pointer("/status/conditions").and_then(Value::as_array);
    let each = each.into_iter().flatten().filter_map(|one| one.get("observedGeneration"));
    whole.into_iter().chain(each).filter_map(Value::as_u64).all(|seen| seen >= is)
}

fn job(object: &Value) -> Reached {
    let count = |name: &str| {
        object.pointer(&format!("/status/{name}")).and_then(Value::as_u64).unwrap_or(0)
    };
    match (condition(object, "Complete"), condition(object, "Failed")) {
        (Some(("True", _)), _) => yes("the Job has succeeded"),
        (_, Some(("True", why))) => never(&format!("the Job has failed: {why}")),
        _ => not_yet(&format!("{} running, {} failed tries", count("active"), count("failed"))),
    }
}

fn rolled_out(object: &Value) -> Reached {
    let count = |pointer: &str| object.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    let wanted = object.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
    let (updated, all) = (count("/status/updatedReplicas"), count("/status/replicas"));
    let available = count("/status/availableReplicas");
    let words = format!("{updated} of {wanted} are new, {available} available, {all} altogether");
    let done = is_observed(object) && updated == wanted && all == wanted && available == wanted;
    when(done, &words, &words)
}

fn hides(wanted: bool, seen: &Seen) -> Reached {
    let Seen::Silence { active, until, .. } = seen else {
        return when(!wanted, "there is no such silence", "the silence is not there yet");
    };
    let words = if *active { format!("it hides until {until}") } else { "it has ended".to_owned() };
    when(*active == wanted, &words, &words)
}

fn holds(contents: &ContentsSeen, least: &ContentsSeen) -> Reached {
    let ContentsSeen { tables, modules, users, .. } = contents;
    if let (Some(is), Some(wanted)) = (&contents.uuid, &least.uuid)
        && is != wanted
    {
        return never(&format!(
            "the copy is of another database: Odoo calls it {is}, and the live one {wanted}"
        ));
    }
    let count = |known: Option<u32>| known.unwrap_or(0);
    let words = format!("{tables} tables, {} modules, {} people", count(*modules), count(*users));
    let enough = *tables >= least.tables
        && count(*modules) >= count(least.modules)
        && count(*users) >= count(least.users);
    if enough {
        return yes(&words);
    }
    never(&format!(
        "the copy holds {words}; expected were at least {} tables, {} modules, {} people",
        least.tables,
        count(least.modules),
        count(least.users)
    ))
}
