//! The one table of settings.
//!
//! A row is a key path, a line of documentation, the rule for its value, the default and where it
//! may stand. The parser, the check for unknown keys, the `PLANA_*` variables, the `--set` flags,
//! the reference page and the listing are made from it; nothing else names a setting as text.

use super::error::Refusal;
use super::settings::{
    ColorDepth, Danger, KubernetesIdentity, LogLevel, Origin, RoleWithout, Settings, SignInFlow,
    StreamingLists,
};
use super::value::{Base, Raw, Slot};

/// The variable that names the settings file; it is no setting, because it is needed before them.
pub const CONFIG_VARIABLE: &str = "PLANA_CONFIG";

/// Where a setting may stand in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// At the top of the file only.
    Console,
    /// In a profile only.
    Profile,
    /// At the top, and in a profile which then wins.
    Either,
}

impl Scope {
    /// Whether the setting may stand inside (`true`) or outside (`false`) of a profile.
    pub fn allows(self, in_profile: bool) -> bool {
        match self {
            Self::Console => !in_profile,
            Self::Profile => in_profile,
            Self::Either => true,
        }
    }
}

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// One line of text.
    Text,
    /// A name: letters, digits, `-`, `_`, `.`.
    Name,
    /// `true` or `false`.
    Flag,
    /// A whole number within bounds.
    Count(u64, u64),
    /// A number of bytes within bounds.
    Size(u64, u64),
    /// One of some words.
    Choice(&'static [&'static str]),
    /// A name of the IANA time zone database.
    TimeZone,
    /// A path; `~/` is the home folder, and in a file a relative path starts at that file.
    Path,
    /// An address of a stream server.
    ValkeyUrl,
    /// An address of any other server.
    ServerUrl,
    /// A reference to a secret.
    Secret,
}

/// A row of the table.
pub struct Key {
    /// The key path, such as `ui.theme`.
    pub path: &'static str,
    /// One line for the reference page.
    pub doc: &'static str,
    /// What a value must be.
    pub rule: Rule,
    /// The value when nobody sets it, as text; `None` when it is absent or computed.
    pub default: Option<&'static str>,
    /// Where it may stand.
    pub scope: Scope,
    slot: fn(&Settings) -> &dyn Slot,
    slot_mut: fn(&mut Settings) -> &mut dyn Slot,
}

impl Key {
    /// The row with this path.
    pub fn find(path: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.path == path)
    }

    /// The variable that sets it, such as `PLANA_UI_THEME`.
    pub fn variable(&self) -> String {
        format!("PLANA_{}", self.path.replace('.', "_").to_uppercase())
    }

    /// The section it stands in, empty at the top.
    pub fn section(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(section, _)| section)
    }

    /// The last word of its path.
    pub fn leaf(&self) -> &'static str {
        self.path.rsplit_once('.').map_or(self.path, |(_, leaf)| leaf)
    }

    /// The value in force as TOML, `None` when it is absent. Secrets appear as references.
    pub fn written(&self, settings: &Settings) -> Option<String> {
        (self.slot)(settings).written()
    }

    /// Where the value in force came from.
    pub fn origin<'a>(&self, settings: &'a Settings) -> &'a Origin {
        (self.slot)(settings).origin()
    }

    /// Reads `raw` into the settings; on refusal they stay as they were.
    pub(super) fn set(
        &self,
        settings: &mut Settings,
        raw: Raw<'_>,
        base: &Base<'_>,
        origin: Origin,
    ) -> Result<(), Refusal> {
        (self.slot_mut)(settings).set(raw, self.rule, base, origin)
    }
}

macro_rules! key {
    ($first:ident $(. $next:ident)*, $scope:ident, $rule:expr, $default:expr, $doc:literal) => {
        Key {
            path: concat!(stringify!($first) $(, ".", stringify!($next))*),
            doc: $doc,
            rule: $rule,
            default: $default,
            scope: Scope::$scope,
            slot: |settings| &settings.$first $(. $next)*,
            slot_mut: |settings| &mut settings.$first $(. $next)*,
        }
    };
}

const MIB: u64 = 1 << 20;

/// All settings, in the order of the reference page.
#[rustfmt::skip]
pub static KEYS: &[Key] = &[
    key!(profile, Console, Rule::Name, Some("default"), "The profile to open."),
    key!(ui.theme, Either, Rule::Name, Some("dark"), "Theme, built in or a file of the themes folder."),
    key!(ui.keymap, Console, Rule::Name, Some("default"), "Keymap, built in or a file of the keymaps folder."),
    key!(ui.pane, Either, Rule::Name, Some("overview"), "Pane, or one of its tables, that is opened at start."),
    key!(ui.mouse, Console, Rule::Flag, Some("true"), "Whether the console takes the mouse."),
    key!(ui.color, Console, Rule::Choice(ColorDepth::WORDS), Some("auto"), "How many colours to use."),
    key!(ui.time_zone, Console, Rule::TimeZone, Some("Europe/Sofia"), "Zone of the second clock and of business hours."),
    key!(events.kept, Console, Rule::Count(100, 1_000_000), Some("50000"), "Most events kept in memory."),
    key!(events.kept_bytes, Console, Rule::Size(MIB, 4096 * MIB), Some("64MiB"), "Most bytes of events kept in memory."),
    key!(events.history, Console, Rule::Count(0, 1_000_000), Some("5000"), "Events read back from the stream at the start."),
    key!(log.level, Console, Rule::Choice(LogLevel::WORDS), Some("info"), "Least severe record that the log keeps."),
    key!(log.file, Console, Rule::Path, None, "The log; by default console.log in the state folder."),
    key!(recorder.kept, Console, Rule::Count(0, 1_000_000), Some("5000"), "Messages kept for a recording; 0 switches it off."),
    key!(danger, Profile, Rule::Choice(Danger::WORDS), Some("production"), "How careful to be; it colours the header."),
    key!(topology, Profile, Rule::Name, Some("plana"), "What a tenant is and where its parts are."),
    key!(read_only, Profile, Rule::Flag, Some("false"), "Whether every change is refused."),
    key!(kubernetes.kubeconfig, Profile, Rule::Path, None, "The kubeconfig; absent: where kubectl looks."),
    key!(kubernetes.context, Profile, Rule::Text, None, "The context; absent: the current one of the kubeconfig."),
    key!(kubernetes.group, Profile, Rule::Name, Some("planapulse.com"), "API group of the platform's own kinds."),
    key!(kubernetes.namespace, Profile, Rule::Name, Some("pulse-console"), "Namespace where consoles keep what they share."),
    key!(kubernetes.page_size, Profile, Rule::Count(50, 5000), Some("500"), "Objects in one page of a list."),
    key!(kubernetes.identity, Profile, Rule::Choice(KubernetesIdentity::WORDS), Some("kubeconfig"), "As whom the cluster is asked."),
    key!(kubernetes.streaming_lists, Profile, Rule::Choice(StreamingLists::WORDS), Some("auto"), "Whether watches start with a streamed list."),
    key!(valkey.url, Profile, Rule::ValkeyUrl, None, "Address of the stream server; absent: not configured."),
    key!(valkey.username, Profile, Rule::Text, None, "ACL user; absent: the default user."),
    key!(valkey.password, Profile, Rule::Secret, None, "Where the password is."),
    key!(valkey.ca_file, Profile, Rule::Path, None, "Certificates (PEM) to trust instead of the system's."),
    key!(valkey.stream, Profile, Rule::Text, Some("PLANA:events"), "The stream that carries the events."),
    key!(valkey.field, Profile, Rule::Text, None, "Field of an entry that holds the event; absent: discovered."),
    key!(tenants.domain, Profile, Rule::Name, Some("planapulse.app"), "Domain of the tenants' addresses, which name their databases too."),
    key!(postgres.url, Profile, Rule::ServerUrl, None, "Address of the PostgreSQL server, with role and database; absent: not configured."),
    key!(postgres.password, Profile, Rule::Secret, None, "Where the role's password is."),
    key!(postgres.ca_file, Profile, Rule::Path, None, "Certificates (PEM) to trust instead of the system's."),
    key!(postgres.refresh, Profile, Rule::Count(1, 3600), Some("3"), "Seconds between two refreshes while the server is quick."),
    key!(postgres.control_url, Profile, Rule::ServerUrl, None, "The same with the role that operations use, and only they; absent: postgres.url."),
    key!(postgres.control_password, Profile, Rule::Secret, None, "Where that role's password is."),
    key!(pgbouncer.url, Profile, Rule::ServerUrl, None, "Address of pgbouncer's admin console, with role; absent: not configured."),
    key!(pgbouncer.password, Profile, Rule::Secret, None, "Where the role's password is."),
    key!(pgbouncer.control_url, Profile, Rule::ServerUrl, None, "The same with the role that operations use, and only they; absent: pgbouncer.url."),
    key!(pgbouncer.control_password, Profile, Rule::Secret, None, "Where that role's password is."),
    key!(objects.endpoint, Profile, Rule::ServerUrl, None, "Address of the S3 server; absent: not configured."),
    key!(objects.region, Profile, Rule::Name, Some("us-east-1"), "Region of the S3 server."),
    key!(objects.bucket, Profile, Rule::Name, Some("plana-pulse-backups"), "Bucket of the backups."),
    key!(objects.templates_bucket, Profile, Rule::Name, Some("plana-pulse-templates"), "Bucket of the seeds of templates."),
    key!(objects.platform_prefix, Profile, Rule::Name, None, "Folder of the platform's own dumps; absent: not known."),
    key!(objects.access_key, Profile, Rule::Secret, None, "Where the access key is."),
    key!(objects.secret_key, Profile, Rule::Secret, None, "Where the secret key is."),
    key!(objects.ca_file, Profile, Rule::Path, None, "Certificates (PEM) to trust instead of the system's."),
    key!(objects.refresh, Profile, Rule::Count(1, 1440), Some("10"), "Minutes between two complete listings."),
    key!(alertmanager.url, Profile, Rule::ServerUrl, None, "Address of Alertmanager; absent: not configured."),
    key!(alertmanager.token, Profile, Rule::Secret, None, "Where the bearer token is."),
    key!(alertmanager.ca_file, Profile, Rule::Path, None, "Certificates (PEM) to trust instead of the system's."),
    key!(alertmanager.tenant_label, Profile, Rule::Name, Some("tenant"), "Label of alerts that names the tenant."),
    key!(prometheus.url, Profile, Rule::ServerUrl, None, "Address of Prometheus; absent: not configured."),
    key!(prometheus.token, Profile, Rule::Secret, None, "Where the bearer token is."),
    key!(prometheus.ca_file, Profile, Rule::Path, None, "Certificates (PEM) to trust instead of the system's."),
    key!(prometheus.probes, Profile, Rule::Text, Some("probe_success"), "Query whose answer is one result of a probe per address."),
    key!(loki.url, Profile, Rule::ServerUrl, None, "Address of Loki; absent: not configured."),
    key!(loki.token, Profile, Rule::Secret, None, "Where the bearer token is."),
    key!(loki.ca_file, Profile, Rule::Path, None, "Certificates (PEM) to trust instead of the system's."),
    key!(loki.organisation, Profile, Rule::Text, None, "Organisation to ask for, where Loki has several."),
    key!(loki.audit, Profile, Rule::Text, Some("{namespace=\"audit-webhook\"}"), "Query of the audit records."),
    key!(identity.issuer, Profile, Rule::ServerUrl, None, "Issuer of the OpenID provider that staff signs in at; absent: nobody signs in."),
    key!(identity.client_id, Profile, Rule::Text, Some("pulse-console"), "The console's application at the provider."),
    key!(identity.client_secret, Profile, Rule::Secret, None, "Where the application's secret is; absent: a public application."),
    key!(identity.ca_file, Profile, Rule::Path, None, "Certificates (PEM) to trust instead of the system's."),
    key!(identity.scopes, Profile, Rule::Text, Some("openid profile email offline_access"), "What is asked for, with blanks between."),
    key!(identity.flow, Either, Rule::Choice(SignInFlow::WORDS), Some("auto"), "How to sign in; auto: the browser on a desktop, a device code over SSH."),
    key!(identity.browser, Either, Rule::Text, None, "Program that opens the sign-in page, with its arguments and blanks between; absent: the desktop's browser."),
    key!(identity.terminal, Profile, Rule::Flag, Some("false"), "Whether one may sign in by typing the password here."),
    key!(identity.terminal_flow, Profile, Rule::Name, Some("default-authentication-flow"), "Slug of the provider's flow for that."),
    key!(identity.staff_group, Profile, Rule::Text, Some("plana-staff"), "Group that everybody who may use the console is in."),
    key!(identity.operator_groups, Profile, Rule::Text, Some("plana-operators"), "Groups of the operators, with commas between."),
    key!(identity.senior_groups, Profile, Rule::Text, Some("plana-seniors"), "Groups of the seniors, with commas between."),
    key!(identity.factors, Profile, Rule::Text, Some("mfa,otp,hwk"), "What counts as a second factor (amr), with commas between."),
    key!(identity.lasts, Profile, Rule::Count(5, 10_080), Some("720"), "Minutes that a sign-in lasts, renewed or not."),
    key!(identity.locks_after, Either, Rule::Count(0, 1440), Some("15"), "Minutes without a key after which the screen is hidden; 0: never."),
    key!(identity.keyring, Either, Rule::Flag, Some("false"), "Whether the session is kept between runs: in the desktop's keyring, or the Linux kernel's without a desktop."),
    key!(identity.step_up_client_id, Profile, Rule::Text, None, "Second application, whose flow always asks for a factor; absent: prompt=login at the first."),
    key!(identity.step_up_issuer, Profile, Rule::ServerUrl, None, "Issuer of the second application where each has its own, as at Authentik; absent: the first's."),
    key!(identity.step_up_client_secret, Profile, Rule::Secret, None, "Where the second application's secret is."),
    key!(identity.role_without, Profile, Rule::Choice(RoleWithout::WORDS), Some("viewer"), "Role where nobody signs in: no issuer, or break-glass with changes allowed."),
    key!(identity.break_glass_changes, Profile, Rule::Flag, Some("false"), "Whether a console opened with --break-glass may change anything."),
    key!(matrix.url, Profile, Rule::ServerUrl, None, "Address of the Matrix homeserver; absent: not configured."),
    key!(matrix.token, Profile, Rule::Secret, None, "Where the access token is."),
    key!(matrix.ca_file, Profile, Rule::Path, None, "Certificates (PEM) to trust instead of the system's."),
    key!(matrix.alerts_room, Profile, Rule::Text, None, "Room (id or alias) where staff reads what consoles announce."),
    key!(operations.version, Profile, Rule::Name, Some("v1alpha1"), "Version of the platform's API group in which objects are written."),
    key!(operations.namespace, Profile, Rule::Text, Some("plana-odoo-{major}"), "Namespace of a version; {major} stands for it."),
    key!(operations.worker, Profile, Rule::Name, Some("worker-odoo"), "Deployment of a version that serves its tenants."),
    key!(operations.jobs_namespace, Profile, Rule::Name, Some("crossplane-system"), "Namespace of the Jobs of restores and backups."),
    key!(operations.backup_job, Profile, Rule::Text, Some("{tenant}-backup"), "CronJob that backs a tenant up; {tenant} stands for it."),
    key!(operations.versions, Profile, Rule::Text, Some("17,18,19"), "Versions that tenants can have, oldest first, with commas between."),
    key!(operations.health_url, Profile, Rule::Text, Some("https://{host}/web/health"), "Where a tenant says that it is well; {host} stands for its address."),
    key!(operations.keeps, Profile, Rule::Count(7, 1000), Some("7"), "Days that insurance backups, and databases swapped out, are kept at least."),
    key!(operations.soak, Profile, Rule::Count(1, 1000), Some("48"), "Hours that an update within a version is watched."),
    key!(operations.soak_cross, Profile, Rule::Count(1, 1000), Some("168"), "Hours that an upgrade to another version is watched."),
    key!(operations.retention, Profile, Rule::Count(7, 3650), Some("90"), "Days that the journal of an operation is kept after everything of it is over."),
    key!(operations.journals, Profile, Rule::Count(50, 1900), Some("1000"), "Most journals of operations that are kept; the first that were over go first."),
    key!(operations.guards, Profile, Rule::Text, None, "Where one is more careful, such as: tenant=erp verb=deprovision deny; tier=enterprise asks=second-person."),
];
