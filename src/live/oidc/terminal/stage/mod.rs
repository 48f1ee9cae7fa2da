//! What an executor wants, read from its JSON.
//!
//! Pure. Only what is needed must be there: a stage that says more, or leaves out what is only shown, is understood. What
//! is not understood is a sentence, never a guess.

use serde_json::Value;

use super::site::Site;
use crate::domain::{Text, Trouble, TroubleKind};
use crate::platform::Prompt;

/// The most bytes that are shown of one text of the provider.
const SHOWN: usize = 300;
/// The most entries that are read of a list.
const LISTED: usize = 32;

/// What is to be done.
#[derive(Debug)]
pub(super) enum Stage {
    /// Go on at this address.
    Leads(String),
    /// Nothing can be done here.
    Stuck(Trouble),
    /// Fill this.
    Asks(Form),
    /// Choose first.
    AsksWhich(Which),
    /// Agree.
    Consent {
        title: Text,
        permissions: Vec<Text>,
        /// What the agreement must repeat.
        token: String,
    },
    /// Say whether this machine is to be remembered.
    Remembers,
}

/// Something to fill.
#[derive(Debug)]
pub(super) struct Form {
    /// What asks.
    pub(super) component: &'static str,
    pub(super) title: Text,
    /// Who is signing in, when that is known.
    pub(super) person: Option<Text>,
    pub(super) fields: Vec<Field>,
    /// Why the last answer was wrong.
    pub(super) wrong: Option<Text>,
}

/// Something to type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// What the provider calls it.
    pub(super) name: &'static str,
    pub(super) prompt: Prompt,
}

/// A choice between what can be typed here and what can't.
#[derive(Debug)]
pub(super) struct Which {
    pub(super) title: Text,
    pub(super) choices: Vec<Text>,
    /// What the first choice leads to.
    pub(super) form: Form,
    /// What every other leads to.
    pub(super) elsewhere: Trouble,
}

const USER: Field = Field { name: "uid_field", prompt: Prompt::User };
const PASSWORD: Field = Field { name: "password", prompt: Prompt::Password };
const CODE: Field = Field { name: "code", prompt: Prompt::Code };

/// What `body` says; none when it is no stage at all.
pub(super) fn read(body: &[u8], site: &Site) -> Option<Stage> {
    let said = Said { json: serde_json::from_slice(body).ok()?, site };
    let component = said.json.get("component")?.as_str()?.to_owned();
    Some(match component.as_str() {
        "ak-stage-identification" => said.identification(),
        "ak-stage-password" => said.form("ak-stage-password", &[PASSWORD]),
        "ak-stage-authenticator-validate" => said.validation(),
        "ak-stage-consent" => said.consent(),
        "ak-stage-user-login" => Stage::Remembers,
        "xak-flow-redirect" => match said.json.get("to").and_then(Value::as_str) {
            Some(to) => Stage::Leads(to.to_owned()),
            None => {
                Said::stuck(TroubleKind::Protocol, "the provider leads on without saying where", "")
            }
        },
        other => said.trouble(other),
    })
}

/// What the provider said.
struct Said<'a> {
    json: Value,
    site: &'a Site,
}

impl Said<'_> {
    fn identification(&self) -> Stage {
        let names = self.list("user_fields");
        if names.is_empty() {
            return Self::stuck(
                TroubleKind::Config,
                "the provider asks for no user name, only for what a browser has (a passkey, or another provider)",
                "",
            );
        }
        if self.json.get("captcha_stage").is_some_and(|captcha| !captcha.is_null()) {
            return self.trouble("ak-stage-captcha");
        }
        let both = self.json.get("password_fields").and_then(Value::as_bool).unwrap_or(false);
        let fields: &[Field] = if both { &[USER, PASSWORD] } else { &[USER] };
        self.form("ak-stage-identification", fields)
    }

    fn form(&self, component: &'static str, fields: &[Field]) -> Stage {
        Stage::Asks(self.filled_in(component, fields))
    }

    fn filled_in(&self, component: &'static str, fields: &[Field]) -> Form {
        Form {
            component,
            title: self.title(),
            person: self.text("/pending_user"),
            fields: fields.to_vec(),
            wrong: self.wrong(),
        }
    }

    /// The provider tries a code on every device that has codes, so nobody needs to say of which device it is.
    fn validation(&self) -> Stage {
        let classes: Vec<&str> = self
            .list("device_challenges")
            .iter()
            .filter_map(|device| device.get("device_class")?.as_str())
            .collect();
        let form = self.filled_in("ak-stage-authenticator-validate", &[CODE]);
        let others: Vec<&str> =
            classes.iter().copied().filter(|class| !matches!(*class, "totp" | "static")).collect();
        if classes.contains(&"totp") {
            return Stage::Asks(form);
        }
        let Some(first) = others.first() else {
            return if classes.is_empty() { self.no_device() } else { Stage::Asks(form) };
        };
        let elsewhere = Self::browser_only(first);
        if !classes.contains(&"static") {
            return Stage::Stuck(elsewhere);
        }
        // A second try is with what was chosen for the first.
        if form.wrong.is_some() {
            return Stage::Asks(form);
        }
        // Each of them works once: who has another device may want to keep them.
        let kept = Text::clean("a code kept for emergencies, which is used up by it");
        let named =
            others.iter().map(|class| Text::clean(&format!("{}, in the browser", device(class))));
        let mut choices = vec![kept];
        choices.extend(named);
        let title = Text::clean("Which second factor?");
        Stage::AsksWhich(Which { title, choices, form, elsewhere })
    }

    fn browser_only(class: &str) -> Trouble {
        let what = format!(
            "signing in: the second factor here is {}, which this terminal can't use",
            device(class)
        );
        let remedy = "Sign in with the browser, or add an authenticator app to the account there.";
        Trouble::new(TroubleKind::Config, &what, remedy)
    }

    fn no_device(&self) -> Stage {
        let remedy = format!(
            "Add an authenticator app at {}if/user/ (settings, MFA devices), then sign in again.",
            self.site.base()
        );
        Self::stuck(
            TroubleKind::Denied,
            "the account has no second factor, and one must be set up first",
            &remedy,
        )
    }

    fn consent(&self) -> Stage {
        let Some(token) = self.json.get("token").and_then(Value::as_str) else {
            return Self::stuck(
                TroubleKind::Protocol,
                "the provider asks for consent and gives nothing to answer with",
                "",
            );
        };
        let of = |list| self.list(list).iter().filter_map(permission);
        Stage::Consent {
            title: self.text("/header_text").unwrap_or_else(|| self.title()),
            permissions: of("permissions").chain(of("additional_permissions")).collect(),
            token: token.to_owned(),
        }
    }

    /// Stages in which nothing can be typed here.
    fn trouble(&self, component: &str) -> Stage {
        let said =
            |field: &str| self.text(field).map(|said| format!(": {said}")).unwrap_or_default();
        match component {
            "ak-stage-access-denied" => Self::stuck(
                TroubleKind::Denied,
                &format!("the provider lets nobody in by this{}", said("/error_message")),
                "Ask who runs the provider to let you use this application.",
            ),
            "ak-stage-flow-error" => Self::stuck(
                TroubleKind::Server,
                &format!("the provider failed (its request{})", said("/request_id")),
                "Begin again; if it stays so, give that number to who runs the provider.",
            ),
            "ak-stage-captcha" => {
                Self::stuck(TroubleKind::Config, "the provider wants a captcha solved", "")
            }
            "ak-stage-email" => Self::stuck(
                TroubleKind::Config,
                "the provider has sent an e-mail with a link to go on by",
                "Open the link in a browser, and sign in there.",
            ),
            "ak-stage-prompt" => Self::stuck(
                TroubleKind::Config,
                "the provider asks for more than a user, a password and a code, such as a new password",
                "Sign in with the browser once, and give it there.",
            ),
            "ak-stage-autosubmit" => Self::stuck(
                TroubleKind::Config,
                "the provider sends people on to another one by a form, which only a browser can fill",
                "",
            ),
            "xak-flow-shell" => Self::stuck(
                TroubleKind::Protocol,
                "the provider shows a page of its own instead of asking something",
                "Sign in with the browser, which shows it.",
            ),
            setup if setup.starts_with("ak-stage-authenticator-") => self.no_device(),
            other => {
                let shown = Text::bounded(other, 100);
                Self::stuck(
                    TroubleKind::Protocol,
                    &format!("the provider asks for what is not known here ({shown})"),
                    "",
                )
            }
        }
    }

    fn stuck(kind: TroubleKind, what: &str, remedy: &str) -> Stage {
        let remedy = if remedy.is_empty() {
            "Sign in with the browser or a device code instead."
        } else {
            remedy
        };
        Stage::Stuck(Trouble::new(kind, &format!("signing in: {what}"), remedy))
    }

    fn title(&self) -> Text {
        self.text("/flow_info/title").unwrap_or_else(|| Text::clean("Sign in"))
    }

    /// Why the last answer was wrong: everything that is said against it.
    fn wrong(&self) -> Option<Text> {
        let errors =
            self.json.get("response_errors")?.as_object().filter(|errors| !errors.is_empty())?;
        let said: Vec<&str> = errors
            .values()
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(|error| error.get("string")?.as_str())
            .take(LISTED)
            .collect();
        if said.is_empty() {
            return Some(Text::clean("The provider does not take that."));
        }
        Some(Text::bounded(&said.join(" "), SHOWN))
    }

    /// A text to be shown; none when there is nothing in it.
    fn text(&self, pointer: &str) -> Option<Text> {
        let raw = self.json.pointer(pointer)?.as_str()?.trim();
        (!raw.is_empty()).then(|| Text::bounded(raw, SHOWN))
    }

    fn list(&self, field: &str) -> &[Value] {
        let all = self.json.get(field).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        all.get(..LISTED).unwrap_or(all)
    }
}

fn permission(permission: &Value) -> Option<Text> {
    let of = |field| permission.get(field).and_then(Value::as_str).filter(|text| !text.is_empty());
    of("name").or_else(|| of("id")).map(|name| Text::bounded(name, SHOWN))
}

/// What a device is called; a class that is not known is said as it is.
fn device(class: &str) -> Text {
    match class {
        "webauthn" => Text::clean("a security key or passkey"),
        "duo" => Text::clean("Duo"),
        "sms" => Text::clean("a code by SMS"),
        "email" => Text::clean("a code by e-mail"),
        other => Text::bounded(other, 40),
    }
}

#[cfg(test)]
mod tests;
