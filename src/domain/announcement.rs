//! What everybody on call is told of a console that was opened without signing in.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Role, Span, Text, Timestamp};

/// One announcement: that the glass was broken, or that the console which did so has ended.
///
/// It is a record of what was done, not a change of the platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// What no other announcement is called. It is the same each time that this one is told, so that who hears it twice
    /// can tell.
    pub id: Text,
    /// What happened.
    pub happening: Happening,
    /// When it happened.
    pub at: Timestamp,
    /// Who did it.
    pub who: Opener,
    /// Why.
    pub reason: Text,
    /// In which profile.
    pub profile: Text,
    /// Whether that is the training world.
    pub training: bool,
    /// As what.
    pub role: Role,
    /// Whether that console refuses every change.
    pub read_only: bool,
    /// The console's version.
    pub version: Text,
}

/// What is announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Happening {
    /// The console was opened without the provider.
    Begun,
    /// It has ended.
    Ended {
        /// The announcement of its beginning.
        of: Text,
        /// How long it was open.
        lasted: Span,
    },
    /// It has ended without saying so: it was killed, or the machine was. Another console noticed.
    Lost {
        /// The announcement of its beginning.
        of: Text,
    },
}

/// Who opened a console, as far as the machine knows: nobody signed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opener {
    /// The account of this machine.
    pub user: Text,
    /// The machine.
    pub host: Text,
    /// The user of the kubeconfig, when that is known.
    pub kubernetes: Option<Text>,
}

/// A place where announcements are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outlet {
    /// The room that staff reads.
    Matrix,
    /// The event stream.
    Stream,
}

impl Outlet {
    /// Where that is, in a sentence.
    #[must_use]
    pub const fn place(self) -> &'static str {
        match self {
            Self::Matrix => "in the Matrix room",
            Self::Stream => "on the event stream",
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Matrix => "matrix",
            Self::Stream => "stream",
        }
    }
}

impl Opener {
    /// `maria@laptop`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}", self.user, self.host)
    }
}

impl Announcement {
    /// The announcement of the beginning whose end this is.
    #[must_use]
    pub const fn ends(&self) -> Option<&Text> {
        match &self.happening {
            Happening::Begun => None,
            Happening::Ended { of, .. } | Happening::Lost { of } => Some(of),
        }
    }

    /// Whether it says that a console was opened.
    #[must_use]
    pub const fn is_begin(&self) -> bool {
        matches!(self.happening, Happening::Begun)
    }

    /// The type of its event.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.happening {
            Happening::Begun => "console.break-glass.begun",
            Happening::Ended { .. } | Happening::Lost { .. } => "console.break-glass.ended",
        }
    }

    /// What it says, in sentences: the first one alone tells what happened.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let (who, profile) = (self.who.name(), &self.profile);
        let what = match &self.happening {
            Happening::Begun => format!(
                "Break-glass on {profile}: {who} opened the console without signing in at {}.",
                self.at
            ),
            Happening::Ended { lasted, .. } => format!(
                "Break-glass on {profile} is over: {who} closed the console at {} after {lasted}.",
                self.at
            ),
            Happening::Lost { .. } => format!(
                "Break-glass on {profile} is over: the console of {who} ended without saying so. That was noticed at {}.",
                self.at
            ),
        };
        let may = if self.read_only {
            "It may only look.".to_owned()
        } else {
            format!("It may change things, as {}.", self.role)
        };
        let of = self.who.kubernetes.as_ref();
        let kubernetes = of.map(|user| format!("The kubeconfig's user is {user}."));
        let version = format!("pulse-console {}.", self.version);
        let reason = format!("Reason: {}", self.reason);
        [Some(what), Some(reason), Some(may), kubernetes, Some(version)]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The CloudEvent that carries it.
    #[must_use]
    pub fn cloud_event(&self) -> Value {
        let mut data = json!({
            "who": self.who.name(),
            "user": self.who.user,
            "host": self.who.host,
            "kubernetesUser": self.who.kubernetes,
            "reason": self.reason,
            "profile": self.profile,
            "role": self.role,
            "readOnly": self.read_only,
            "version": self.version,
        });
        let end = match &self.happening {
            Happening::Begun => None,
            Happening::Ended { of, lasted } => Some((of, Some(lasted.secs()))),
            Happening::Lost { of } => Some((of, None)),
        };
        if let (Some((of, lasted)), Some(data)) = (end, data.as_object_mut()) {
            data.insert("begun".to_owned(), json!(of));
            data.insert("lastedSeconds".to_owned(), json!(lasted));
        }
        json!({
            "specversion": "1.0",
            "id": self.id,
            "type": self.kind(),
            "source": "//plana-pulse/console",
            "time": self.at.to_string(),
            "datacontenttype": "application/json",
            "data": data,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun() -> Announcement {
        Announcement {
            id: Text::clean("glass-1"),
            happening: Happening::Begun,
            at: Timestamp::from_ms(0),
            who: Opener {
                user: Text::clean("maria"),
                host: Text::clean("laptop"),
                kubernetes: Some(Text::clean("maria-admin")),
            },
            reason: Text::clean("pg01 is down and nobody can sign in"),
            profile: Text::clean("production"),
            training: false,
            role: Role::Viewer,
            read_only: true,
            version: Text::clean("1.2.3"),
        }
    }

    #[test]
    fn it_says_who_where_when_why_and_how_long() {
        let said = begun().sentences().join(" ");
        assert_eq!(
            said,
            "Break-glass on production: maria@laptop opened the console without signing in at 1970-01-01T00:00:00Z. \
             Reason: pg01 is down and nobody can sign in It may only look. The kubeconfig's user is maria-admin. \
             pulse-console 1.2.3."
        );
        let happening = Happening::Ended { of: begun().id, lasted: Span::from_secs(840) };
        let ended = Announcement { happening, read_only: false, role: Role::Operator, ..begun() };
        let said = ended.sentences();
        assert!(said[0].ends_with("after 14m."), "{said:?}");
        assert_eq!(said[2], "It may change things, as operator.");
    }

    #[test]
    fn the_event_is_whole_and_keeps_its_id() {
        let event = begun().cloud_event();
        assert_eq!(event["id"], "glass-1");
        assert_eq!(event["type"], "console.break-glass.begun");
        assert_eq!(event["data"]["readOnly"], true);
        let happening = Happening::Ended { of: begun().id, lasted: Span::from_secs(840) };
        let ended = Announcement { happening, id: Text::clean("glass-2"), ..begun() }.cloud_event();
        assert_eq!(ended["type"], "console.break-glass.ended");
        assert_eq!(
            (&ended["data"]["begun"], &ended["data"]["lastedSeconds"]),
            (&json!("glass-1"), &json!(840))
        );
        let happening = Happening::Lost { of: begun().id };
        let lost = Announcement { happening, id: Text::clean("glass-3"), ..begun() };
        assert_eq!(lost.ends(), Some(&begun().id));
        assert!(lost.sentences()[0].contains("ended without saying so"), "{:?}", lost.sentences());
        let event = lost.cloud_event();
        assert_eq!(event["type"], "console.break-glass.ended");
        assert_eq!(
            (&event["data"]["begun"], &event["data"]["lastedSeconds"]),
            (&json!("glass-1"), &json!(null))
        );
    }
}
