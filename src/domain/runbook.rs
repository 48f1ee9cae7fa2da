//! What to do when an alert fires: the runbooks in `assets/runbooks`, part of the program.
//!
//! Each is a head of TOML between two lines `+++` and a body of Markdown with the same [`SECTIONS`] in all. One alert has
//! one runbook, so has one topic. They are shown, and their commands can be copied; nothing here runs any of them.

use std::sync::LazyLock;

use serde::Deserialize;

use super::Text;

/// The headings of every runbook, in their order.
pub const SECTIONS: [&str; 5] = [
    "What it means",
    "Check first",
    "Likely causes and what to do",
    "What not to do",
    "Tell the customer",
];

/// The labels that a body names, each as `{name}`.
pub const PLACEHOLDERS: [&str; 5] = ["tenant", "namespace", "pod", "instance", "database"];

/// The most bytes of a label that are filled in; no name in the cluster is longer.
const VALUE_BYTES: usize = 253;

/// The line before and after the head.
const FENCE: &str = "+++\n";

macro_rules! files {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../assets/runbooks/", $name, ".md")))),*]
    };
}

const FILES: &[(&str, &str)] = files![
    "plana-agents",
    "plana-backup",
    "plana-ban",
    "plana-certificate",
    "plana-database",
    "plana-flux",
    "plana-pod-restarts",
    "plana-rbac",
    "plana-restore",
    "plana-stream",
    "plana-tenant-odoo-down",
    "plana-upgrade",
    "platxa-certificate",
    "platxa-connections",
    "platxa-crash-loop",
    "platxa-database-connection",
    "platxa-errors",
    "platxa-memory",
    "platxa-postgresql-down",
    "platxa-slow-queries",
    "platxa-storage",
    "platxa-traefik-down",
    "platxa-waking-service-down",
    "platxa-wake-failed",
];

static RUNBOOKS: LazyLock<Vec<Runbook>> =
    LazyLock::new(|| FILES.iter().filter_map(|(_, text)| Runbook::parse(text).ok()).collect());

/// The platform that a runbook speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// PLANA Pulse.
    Plana,
    /// Platxa.
    Platxa,
}

/// The names of alerts that a runbook is for: one name, or all that begin like it (`CertExpir*`).
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Pattern(String);

impl Pattern {
    /// The pattern as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What a name must begin with; none when it must be the name.
    #[must_use]
    pub fn prefix(&self) -> Option<&str> {
        self.0.strip_suffix('*')
    }

    /// Whether it takes in the alert `name`.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        self.prefix().map_or(self.0 == name, |prefix| name.starts_with(prefix))
    }
}

/// One runbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runbook {
    head: Head,
    body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(default)]
    alerts: Vec<Pattern>,
    #[serde(default)]
    topics: Vec<String>,
    title: String,
    platform: Platform,
}

/// Why a file is not a runbook.
#[derive(Debug, thiserror::Error)]
pub enum RunbookError {
    /// There is no head.
    #[error("the runbook has no head: begin it with a line +++, its settings and another line +++")]
    NoHead,
    /// The head is not what it should be.
    #[error("the head of the runbook is wrong: {0}")]
    Head(#[from] toml::de::Error),
}

impl Runbook {
    fn parse(text: &'static str) -> Result<Self, RunbookError> {
        let rest = text.strip_prefix(FENCE).ok_or(RunbookError::NoHead)?;
        let (head, body) = rest.split_once(FENCE).ok_or(RunbookError::NoHead)?;
        Ok(Self { head: toml::from_str(head)?, body: Body(body.trim()) })
    }

    /// The alerts it is for; none when it is for topics only.
    #[must_use]
    pub fn alerts(&self) -> &[Pattern] {
        &self.head.alerts
    }

    /// The topics under which a pane offers it.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        self.head.topics.iter().map(String::as_str)
    }

    /// The platform it speaks of.
    #[must_use]
    pub const fn platform(&self) -> Platform {
        self.head.platform
    }

    /// Its title, one line.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.head.title
    }

    /// What it says.
    #[must_use]
    pub const fn body(&self) -> Body {
        self.body
    }
}

/// The Markdown of a runbook: headings `##`, lists, and commands between backticks. No line is wider than 76 cells
/// before labels are filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Body(&'static str);

impl Body {
    /// The Markdown with its placeholders.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        self.0
    }

    /// The sections: heading and what stands below it.
    pub fn sections(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let parts = self.0.split("## ").skip(1);
        parts.filter_map(|part| part.split_once('\n')).map(|(title, text)| (title, text.trim()))
    }

    /// The Markdown with the placeholders that `label` knows. An unknown one stays as it is, and so does one whose value
    /// is more than letters, digits, `.`, `_` and `-`: what is filled in stands in commands that are copied into a shell.
    /// Without a label `instance` it is what follows `instance-` in `namespace`, and `database` is `datname`.
    #[must_use]
    pub fn filled<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> String {
        fill(self.0, label)
    }
}

/// Fills the placeholders in any `text` of a runbook, see [`Body::filled`].
#[must_use]
pub fn fill<'a>(text: &str, label: impl Fn(&str) -> Option<&'a str>) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let named = PLACEHOLDERS.iter().find_map(|name| {
            let after = after.strip_prefix(name)?.strip_prefix('}')?;
            Some((value(name, &label)?, after))
        });
        if let Some((value, after)) = named {
            out.push_str(value.as_str());
            rest = after;
        } else {
            out.push('{');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

fn value<'a>(name: &str, label: &impl Fn(&str) -> Option<&'a str>) -> Option<Text> {
    let derived = || match name {
        "instance" => label("namespace")?.strip_prefix("instance-"),
        "database" => label("datname"),
        _ => None,
    };
    // The label `instance` of Prometheus is the address it scraped, which is no name and refused below.
    label(name)
        .filter(|raw| is_plain(raw))
        .or_else(derived)
        .filter(|raw| is_plain(raw))
        .map(Text::clean)
}

/// Whether a shell takes `raw` for one plain word that is no option.
fn is_plain(raw: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=VALUE_BYTES).contains(&raw.len()) && raw.bytes().all(plain) && !raw.starts_with('-')
}

/// `text` with each sentence that was broken to fit a file on one line again, so that it can be folded to any width.
/// Headings, list items, commands and lines that end a sentence stay as they are.
#[must_use]
pub fn flowed(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let begins = |line: &str| {
        let counted = line.split_once(". ").is_some_and(|(number, _)| number.parse::<u8>().is_ok());
        counted || line.is_empty() || line.starts_with("- ") || line.starts_with("## ")
    };
    let command = |line: &str| line.starts_with('`') && line.ends_with('`');
    let mut open = false;
    for line in text.lines() {
        let own = line.trim();
        if open && !begins(own) && !command(own) {
            out.push(' ');
            out.push_str(own);
        } else {
            if !out.is_empty() {
                out.push('\n');
            }
            out.push_str(line);
        }
        let ends = own.is_empty() || own.ends_with(['.', ':', '?', '!']) || own.starts_with("## ");
        open = !ends && !command(own);
    }
    out
}

/// The commands in `text`, each on a line of its own between backticks; one that ends with a backslash goes on in the
/// next. They are for a shell, for SQL or for a log search, as the step says.
#[must_use]
pub fn commands(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = false;
    let command = |line: &'_ str| -> Option<String> {
        let inner = line.trim().strip_prefix('`')?.strip_suffix('`')?;
        (!inner.contains('`')).then(|| inner.trim().to_owned())
    };
    for line in text.lines().filter_map(command) {
        let (part, more) = match line.strip_suffix('\\') {
            Some(part) => (part.trim_end(), true),
            None => (line.as_str(), false),
        };
        match found.last_mut().filter(|_| open) {
            Some(last) => {
                last.push(' ');
                last.push_str(part);
            }
            None => found.push(part.to_owned()),
        }
        open = more;
    }
    found
}

/// All runbooks, PLANA's first.
#[must_use]
pub fn all() -> &'static [Runbook] {
    &RUNBOOKS
}

/// The runbook for the alert `name`: of those that name it so, else of those with a fitting prefix the longest.
#[must_use]
pub fn for_alert(name: &str) -> Option<&'static Runbook> {
    let fit = |book: &Runbook| {
        let fits = book.alerts().iter().filter(|pattern| pattern.matches(name));
        fits.map(|pattern| pattern.prefix().map_or(usize::MAX, str::len)).max()
    };
    let books = all().iter().filter_map(|book| Some((fit(book)?, book)));
    books.max_by_key(|(fit, _)| *fit).map(|(_, book)| book)
}

/// The runbook for the topic of a pane: `backup`, `database`, `stream`, `flux`, `agents`, `ban`, `rbac`, `upgrade`,
/// `restore`, `certificate`; on Platxa `wake` and `storage`.
#[must_use]
pub fn for_topic(topic: &str) -> Option<&'static Runbook> {
    all().iter().find(|book| book.topics().any(|own| own == topic))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn every_file_is_listed_and_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/runbooks");
        let entries = std::fs::read_dir(folder).expect("the runbooks");
        let there: BTreeSet<String> = entries
            .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned())
            .collect();
        let listed: BTreeSet<String> = FILES.iter().map(|(name, _)| format!("{name}.md")).collect();
        assert_eq!(there, listed);
        for (name, text) in FILES {
            let book = Runbook::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            let prefix = format!("{:?}-", book.platform()).to_lowercase();
            assert!(name.starts_with(&prefix), "{name}");
        }
        assert_eq!(all().len(), FILES.len());
    }

    #[test]
    fn broken_sentences_flow_and_nothing_else_does() {
        for (text, flows) in [
            (
                "Write, with the number in\nthree digits. Say so.\nThen wait.",
                "Write, with the number in three digits. Say so.\nThen wait.",
            ),
            (
                "1. Look at\n   `a b`\n   and at c\n2. Go",
                "1. Look at\n   `a b`\n   and at c\n2. Go",
            ),
            ("- one\n- two of\n  them\n\nEnd", "- one\n- two of them\n\nEnd"),
            ("## Title\ntext", "## Title\ntext"),
            ("", ""),
        ] {
            assert_eq!(flowed(text), flows);
        }
    }

    #[test]
    fn no_two_claim_one_alert_or_topic() {
        let mut claimed: Vec<&str> = Vec::new();
        for book in all() {
            assert!(
                !book.alerts().is_empty() || book.topics().next().is_some(),
                "{}",
                book.title()
            );
            let alerts = book.alerts().iter().map(Pattern::as_str);
            for claim in alerts.chain(book.topics()) {
                assert!(!claimed.contains(&claim), "{claim}");
                claimed.push(claim);
            }
        }
        for pattern in all().iter().flat_map(Runbook::alerts).filter(|own| own.prefix().is_some()) {
            let caught = claimed.iter().filter(|claim| pattern.matches(claim)).count();
            assert_eq!(caught, 1, "{} takes in another's alert", pattern.as_str());
        }
    }

    #[test]
    fn every_runbook_has_every_section_and_narrow_lines() {
        for book in all() {
            let title = book.title();
            let headings: Vec<&str> = book.body().sections().map(|(heading, _)| heading).collect();
            assert_eq!(headings, SECTIONS, "{title}");
            for (heading, text) in book.body().sections() {
                assert!(text.len() > 20, "{title}: {heading} says nothing");
            }
            for line in book.body().as_str().lines().chain([title]) {
                assert!(line.width() <= 76, "{title}: {line}");
                assert!(!line.chars().any(Text::is_hostile), "{title}: {line:?}");
                assert_eq!(line.matches('`').count() % 2, 0, "{title}: {line}");
                assert_eq!(line.trim_end(), line, "{title}");
            }
            let (_, checks) = book.body().sections().nth(1).expect("checks");
            let steps = |line: &&str| line.starts_with(|c: char| c.is_ascii_digit());
            let numbers: Vec<&str> =
                checks.lines().filter(steps).filter_map(|line| line.split('.').next()).collect();
            let wanted: Vec<String> = (1..=numbers.len()).map(|n| n.to_string()).collect();
            assert_eq!(numbers, wanted, "{title}");
            assert!(numbers.len() >= 3 && !commands(checks).is_empty(), "{title}");
        }
    }

    #[test]
    fn only_known_placeholders_are_named() {
        for book in all() {
            for (at, _) in book.body().as_str().match_indices('{') {
                let rest = &book.body().as_str()[at + 1..];
                let known = PLACEHOLDERS.iter().any(|name| rest.starts_with(&format!("{name}}}")));
                // A selector of logs has braces too.
                assert!(
                    known || rest.starts_with("namespace=\""),
                    "{}: {{{rest:.20}",
                    book.title()
                );
            }
        }
    }

    #[test]
    fn alerts_find_their_runbook() {
        for (alert, title) in [
            ("TenantOdooDown", Some("A tenant's Odoo does not answer")),
            ("HighPodRestartRate", Some("Pods restart more often than usual")),
            ("CertExpiringSoon", Some("A certificate runs out soon")),
            ("CertificateExpiringSoon", Some("A certificate runs out soon")),
            ("CertificateExpiringCritical", Some("A certificate runs out soon")),
            ("TenantOdooDownish", None),
            ("Watchdog", None),
            ("", None),
        ] {
            assert_eq!(for_alert(alert).map(Runbook::title), title, "{alert}");
        }
        for (alert, platform) in
            [("CertExpiringSoon", Platform::Plana), ("CertificateExpiringSoon", Platform::Platxa)]
        {
            assert_eq!(for_alert(alert).map(Runbook::platform), Some(platform), "{alert}");
        }
        for alert in [
            "PostgreSQLDown",
            "TraefikDown",
            "WakingServiceDown",
            "OdooStorageHigh",
            "OdooStorageCritical",
            "OdooHighMemory",
            "OdooOOMKilled",
            "OdooPodRestartLoop",
            "OdooWakeFailed",
            "PostgreSQLHighConnections",
            "PostgreSQLTotalConnectionsCritical",
            "PostgreSQLSlowQueries",
            "OdooDBConnectionError",
            "OdooHighErrorRate",
        ] {
            assert_eq!(for_alert(alert).map(Runbook::platform), Some(Platform::Platxa), "{alert}");
        }
    }

    #[test]
    fn topics_find_their_runbook() {
        for topic in [
            "backup",
            "database",
            "stream",
            "flux",
            "agents",
            "ban",
            "rbac",
            "upgrade",
            "restore",
            "certificate",
        ] {
            assert_eq!(for_topic(topic).map(Runbook::platform), Some(Platform::Plana), "{topic}");
        }
        for topic in ["wake", "storage"] {
            assert_eq!(for_topic(topic).map(Runbook::platform), Some(Platform::Platxa), "{topic}");
        }
        assert_eq!(for_topic("weather"), None);
    }

    #[test]
    fn placeholders_are_filled_with_plain_words_only() {
        let text = r#"-n {namespace} {pod} {tenant} {instance} {database} {namespace="{namespace}"} {other} {"#;
        let fill = |labels: &[(&str, &'static str)]| {
            let find = |name: &str| labels.iter().find(|(own, _)| *own == name).map(|own| own.1);
            fill(text, find)
        };
        for (labels, wanted) in [
            (&[][..], text),
            (
                &[("namespace", "instance-abc"), ("pod", "odoo-1"), ("datname", "instance_abc")],
                r#"-n instance-abc odoo-1 {tenant} abc instance_abc {namespace="instance-abc"} {other} {"#,
            ),
            // The instance of Prometheus is an address.
            (
                &[("namespace", "instance-abc"), ("instance", "10.0.0.1:9100")],
                r#"-n instance-abc {pod} {tenant} abc {database} {namespace="instance-abc"} {other} {"#,
            ),
            (&[("pod", "a; reboot"), ("tenant", "--all")], text),
            (&[("pod", "\u{1b}[2J"), ("tenant", ""), ("namespace", "a\u{202e}b")], text),
            // What is filled in is not read again.
            (&[("pod", "{tenant}"), ("namespace", "x y")], text),
        ] {
            assert_eq!(fill(labels), wanted, "{labels:?}");
        }
        let book = for_alert("TenantOdooDown").expect("a runbook");
        let filled = book.body().filled(|name| (name == "tenant").then_some("acme"));
        assert!(filled.contains("https://acme.planapulse.app/web/health"));
        assert!(filled.contains("{namespace}"));
    }

    #[test]
    fn commands_are_found() {
        let text =
            "1. Look:\n   `kubectl get pods`\n   Say `x` and `y`.\n   `a b \\`\n   `  c`\n`d`";
        assert_eq!(commands(text), ["kubectl get pods", "a b c", "d"]);
        let book = for_topic("backup").expect("a runbook");
        let bucket = commands(book.body().as_str()).into_iter().find(|one| one.starts_with("aws"));
        assert!(bucket.is_some_and(|line| line.ends_with("| head -10") && !line.contains('\\')));
    }

    #[test]
    fn a_file_without_a_right_head_is_refused() {
        for text in ["", "# x", "+++\ntitle = 1\n+++\n", "+++\ntitle = \"x\"\nplatform = \"plana\""]
        {
            assert!(Runbook::parse(text).is_err(), "{text}");
        }
        let odd = "+++\ntitle = \"x\"\nplatform = \"plana\"\nowner = \"me\"\n+++\n";
        let error = Runbook::parse(odd).expect_err("an unknown key");
        assert!(error.to_string().contains("owner"), "{error}");
    }
}
