//! What must be given for each verb: the fields of its form, and of its command line.

use super::Request;
use crate::domain::operation::Verb;
use crate::operation::Unplanned;

/// A field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name: the input's, and the flag's.
    pub name: &'static str,
    /// What it is called on the screen.
    pub label: &'static str,
    /// What it means, in a line.
    pub help: &'static str,
    /// Whether something must be given.
    pub needed: bool,
    /// What is there when nobody changes it.
    pub default: &'static str,
    /// What can be chosen from.
    pub suggest: Suggest,
    /// What is wrong with a value; none when nothing is.
    pub fault: fn(&str) -> Option<String>,
}

/// What can be chosen from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suggest {
    /// Nothing: it is typed.
    Nothing,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A tenant.
    Tenants,
    /// A backup of the tenant.
    Backups,
    /// A database that was kept.
    Kept,
}

const TENANT: Field = Field {
    name: "tenant",
    label: "Tenant",
    help: "The subdomain of the tenant.",
    needed: true,
    default: "",
    suggest: Suggest::Tenants,
    fault: subdomain_fault,
};
const BACKUP: Field = Field {
    name: "backup",
    label: "Backup",
    help: "The key of the dump, its stamp, or latest.",
    needed: true,
    default: "latest",
    suggest: Suggest::Backups,
    fault: anything,
};
const FILES: Field =
    words("filestore", "Files", "Whether the files are restored too.", &["yes", "no"]);
const VERSION: Field = words("version", "Version", "The major of Odoo.", &["18", "19", "17"]);
const TIER: Field = words("tier", "Tier", "The edition.", &["starter", "pro", "enterprise"]);
const RESTART: Field = words(
    "restart",
    "Restart",
    "Load the new code now (touches every tenant of the version), or later.",
    &["now", "later"],
);

const fn words(
    name: &'static str,
    label: &'static str,
    help: &'static str,
    words: &'static [&'static str],
) -> Field {
    let default = match words {
        [first, ..] => *first,
        [] => "",
    };
    Field {
        name,
        label,
        help,
        needed: true,
        default,
        suggest: Suggest::Words(words),
        fault: anything,
    }
}

const fn text(name: &'static str, label: &'static str, help: &'static str) -> Field {
    Field {
        name,
        label,
        help,
        needed: true,
        default: "",
        suggest: Suggest::Nothing,
        fault: anything,
    }
}

const fn number(name: &'static str, label: &'static str, help: &'static str) -> Field {
    Field { fault: number_fault, ..text(name, label, help) }
}

const PROVISION: &[Field] = &[
    Field { label: "Subdomain", ..TENANT_NEW },
    VERSION,
    TIER,
    number("project", "Project", "The number of its project in the ERP."),
    Field {
        fault: mail_fault,
        ..text("owner-email", "Owner's e-mail", "Where the owner is written to.")
    },
    text("owner-name", "Owner's name", "A person or a company."),
];
const RESTORE_IN_PLACE: &[Field] = &[
    TENANT,
    BACKUP,
    FILES,
    text(
        "accepted-by",
        "Accepted by",
        "Who of the customer accepted the loss, when, and where that is written.",
    ),
];
const UPGRADE: &[Field] = &[
    TENANT,
    Field {
        default: "all",
        ..text("modules", "Modules", "all, or names with commas between them.")
    },
    RESTART,
];
const TEMPLATE: &[Field] =
    &[words("edition", "Edition", "For whom the template is.", &["basic", "pro"]), VERSION];
const KEPT: &[Field] = &[Field {
    suggest: Suggest::Kept,
    ..text("database", "Database", "The database that was kept.")
}];
const SESSION: &[Field] = &[
    number("pid", "Process", "The process id of the session."),
    Field {
        fault: moment_fault,
        ..text("began", "Began", "When the session began: pids are given anew.")
    },
];
const SILENCE: &[Field] = &[
    text("matchers", "Hides", "Labels, such as alertname=HighLoad,tenant=acme."),
    Field {
        default: "2h",
        fault: span_fault,
        ..text("for", "For", "How long: 30m, 2h, 1d; at most 7d.")
    },
    text("reason", "Reason", "Why; everybody sees it."),
];
const SILENCE_ID: Field = text("silence", "Silence", "Its id.");
const ALERT: Field = text("alert", "Alert", "Its fingerprint.");
const ALERT_NAME: Field = text("name", "Name", "Its name.");
const ACK: &[Field] = &[
    ALERT,
    ALERT_NAME,
    Field { default: "4h", fault: span_fault, ..text("for", "For", "How long: 30m, 4h, 1d.") },
];

/// The fields of `verb`.
#[must_use]
pub const fn fields(verb: Verb) -> &'static [Field] {
    match verb {
        Verb::Provision => PROVISION,
        Verb::Deprovision | Verb::Backup | Verb::PausePool | Verb::ResumePool => &[TENANT],
        Verb::RestoreBeside | Verb::RestoreSwap => &[TENANT, BACKUP, FILES],
        Verb::RestoreInPlace => RESTORE_IN_PLACE,
        Verb::UpgradeSame => UPGRADE,
        Verb::UpgradeCross => &[TENANT, VERSION],
        Verb::Template => TEMPLATE,
        Verb::Tier => &[TENANT, TIER],
        Verb::DropKept => KEPT,
        Verb::Cancel | Verb::Terminate => SESSION,
        Verb::Silence => SILENCE,
        Verb::ExpireSilence => &[SILENCE_ID],
        Verb::Ack => ACK,
        Verb::Unack => &[ALERT, ALERT_NAME],
    }
}

const TENANT_NEW: Field = Field {
    help: "Letters, digits and hyphens, at most 30: also its address and its database.",
    suggest: Suggest::Nothing,
    ..TENANT
};

/// Refuses a request in which something is missing or wrong.
pub(super) fn check(request: &Request) -> Result<(), Unplanned> {
    for field in fields(request.verb) {
        let given = request.get(field.name);
        if given.trim().is_empty() {
            if field.needed {
                let why = format!("{} is missing. {}", field.label, field.help);
                return Err(Unplanned::refused(&why));
            }
            continue;
        }
        if let Suggest::Words(words) = field.suggest
            && !words.contains(&given)
        {
            let why = format!("{} is {given}; it can be {}.", field.label, words.join(", "));
            return Err(Unplanned::refused(&why));
        }
        if let Some(fault) = (field.fault)(given) {
            return Err(Unplanned::refused(&format!("{}: {fault}", field.label)));
        }
    }
    Ok(())
}

/// What is wrong with `name` as a subdomain.
#[must_use]
pub fn subdomain_fault(name: &str) -> Option<String> {
    let odd = name.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '-'));
    match odd {
        _ if name.is_empty() => Some("it is empty".to_owned()),
        Some(odd) => Some(format!("{odd:?} can't be in it: only a-z, 0-9 and -")),
        None if name.len() > 30 => {
            Some(format!("it has {} characters; 30 are the most", name.len()))
        }
        None if name.starts_with('-') || name.ends_with('-') => {
            Some("it begins or ends with a hyphen".to_owned())
        }
        None => None,
    }
}

const fn anything(_: &str) -> Option<String> {
    None
}

fn number_fault(text: &str) -> Option<String> {
    text.parse::<u32>().err().map(|_| format!("{text} is no number"))
}

/// An address is judged by sending to it; here only what can't be one is refused.
fn mail_fault(text: &str) -> Option<String> {
    let whole = text.split_once('@').is_some_and(|(who, host)| {
        !who.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
    });
    let odd = text.chars().any(|c| c.is_whitespace() || c.is_control());
    (!whole || odd || text.len() > 254).then(|| format!("{text} is no e-mail address"))
}

fn span_fault(text: &str) -> Option<String> {
    super::parts::span(text).is_none().then(|| format!("{text} is no time such as 30m, 2h or 1d"))
}

fn moment_fault(text: &str) -> Option<String> {
    let moment = crate::domain::Timestamp::parse(text);
    moment.is_none().then(|| format!("{text} is no time such as 2026-05-29T02:00:00Z"))
}
