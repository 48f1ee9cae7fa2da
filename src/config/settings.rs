//! The typed settings, and where each of them came from.
//!
//! The other layers read these structs and nothing else. A leaf is made only by the table in
//! [`keys`](super::keys), so its field path and its key path are the same words.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono_tz::Tz;

use super::keys::KEYS;
use super::value::{Base, Raw};
use super::{ByteSize, Paths, SecretRef, ServerUrl, ValkeyUrl};

/// Where a value came from, weakest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Origin {
    /// The table of settings.
    #[default]
    Default,
    /// A line of the settings file.
    File {
        /// The file as it was opened.
        path: Arc<Path>,
        /// The line, counted from 1.
        line: usize,
    },
    /// A variable of the environment, by name.
    Env(String),
    /// A `--set KEY=VALUE` flag, by key.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => out.write_str("default"),
            Self::File { path, line } => write!(out, "file {}:{line}", path.display()),
            Self::Env(name) => write!(out, "variable {name}"),
            Self::Flag(key) => write!(out, "flag --set {key}"),
        }
    }
}

/// A value together with where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sourced<T> {
    /// The value in force.
    pub value: T,
    /// What gave it.
    pub origin: Origin,
}

impl<T> Sourced<T> {
    /// The value in force.
    pub fn get(&self) -> &T {
        &self.value
    }
}

impl<T> Deref for Sourced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Declares an enum of words with its names, in the order they are documented.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// The words of the settings file, in the order of the reference page.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The value which a word means, if it means one.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }

            /// The word of the settings file for this value.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.pad(self.word())
            }
        }
    };
}

words! {
    /// How careful the console must be with a profile; it colours the header.
    Danger {
        /// Customers are on it.
        #[default]
        Production = "production",
        /// A rehearsal of production.
        Staging = "staging",
        /// A platform on this machine.
        Local = "local",
        /// The embedded world.
        Training = "training",
    }
}

words! {
    /// How many colours the terminal is given.
    ColorDepth {
        /// What the terminal says about itself, `NO_COLOR` included.
        #[default]
        Auto = "auto",
        /// 24 bits.
        TrueColor = "truecolor",
        /// The indexed palette.
        Indexed256 = "256",
        /// The sixteen named colours.
        Named16 = "16",
        /// No colour at all.
        None = "none",
    }
}

words! {
    /// The least severe record that the log keeps.
    LogLevel {
        /// Failures only.
        Error = "error",
        /// And what looks wrong.
        Warn = "warn",
        /// And what happened.
        #[default]
        Info = "info",
        /// And how it was decided.
        Debug = "debug",
        /// Everything.
        Trace = "trace",
    }
}

words! {
    /// Whether watches start with a streamed list.
    StreamingLists {
        /// Where the API server has them.
        #[default]
        Auto = "auto",
        /// Always.
        On = "on",
        /// Never: paged lists.
        Off = "off",
    }
}

words! {
    /// As whom the cluster is asked.
    KubernetesIdentity {
        /// As whom the kubeconfig says.
        #[default]
        Kubeconfig = "kubeconfig",
        /// As the person who is signed in, with their ID token.
        Oidc = "oidc",
        /// As the person who is signed in, whom the kubeconfig's user impersonates.
        Impersonate = "impersonate",
    }
}

words! {
    /// How to sign in.
    SignInFlow {
        /// The browser on a desktop, a device code over SSH.
        #[default]
        Auto = "auto",
        /// The browser of this machine.
        Browser = "browser",
        /// A browser anywhere, with a code.
        Device = "device",
        /// User, password and code typed here.
        Terminal = "terminal",
    }
}

words! {
    /// What one may do where nobody signs in.
    RoleWithout {
        /// Look.
        #[default]
        Viewer = "viewer",
        /// The daily work.
        Operator = "operator",
        /// Everything.
        Senior = "senior",
    }
}

/// Everything the console is told before it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Name of the chosen profile.
    pub profile: Sourced<String>,
    /// How careful the console must be with it.
    pub danger: Sourced<Danger>,
    /// What a tenant is there; the layer that knows topologies checks the name.
    pub topology: Sourced<String>,
    /// Whether every change is refused.
    pub read_only: Sourced<bool>,
    /// How it looks and is driven.
    pub ui: UiSettings,
    /// How much of the event stream is kept.
    pub events: EventSettings,
    /// The console's own log.
    pub log: LogSettings,
    /// The recorder of messages.
    pub recorder: RecorderSettings,
    /// The cluster of the profile.
    pub kubernetes: KubernetesSettings,
    /// The stream server of the profile.
    pub valkey: ValkeySettings,
    /// How what belongs to a tenant is named.
    pub tenants: TenantsSettings,
    /// The PostgreSQL server of the profile.
    pub postgres: PostgresSettings,
    /// The pooler before it.
    pub pgbouncer: PgbouncerSettings,
    /// The object store of the profile.
    pub objects: ObjectsSettings,
    /// The Alertmanager of the profile.
    pub alertmanager: AlertmanagerSettings,
    /// The Prometheus of the profile.
    pub prometheus: PrometheusSettings,
    /// The Loki of the profile.
    pub loki: LokiSettings,
    /// Who may use the console, and how they prove it.
    pub identity: IdentitySettings,
    /// The chat that staff reads.
    pub matrix: MatrixSettings,
    /// What operations go by.
    pub operations: OperationSettings,
}

/// How the console looks and is driven.
#[derive(Debug, Clone, PartialEq)]
pub struct UiSettings {
    /// Name of a theme; the UI layer finds it.
    pub theme: Sourced<String>,
    /// Name of a keymap; the input layer finds it.
    pub keymap: Sourced<String>,
    /// Name of the pane that is opened at start; the app finds it.
    pub pane: Sourced<String>,
    /// Whether the mouse is captured.
    pub mouse: Sourced<bool>,
    /// How many colours are used.
    pub color: Sourced<ColorDepth>,
    /// Zone of the second clock and of business hours.
    pub time_zone: Sourced<Tz>,
}

/// How much of the event stream is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct EventSettings {
    /// Most events in memory.
    pub kept: Sourced<usize>,
    /// Most bytes of events in memory.
    pub kept_bytes: Sourced<ByteSize>,
    /// Events read back from the stream at the start.
    pub history: Sourced<usize>,
}

/// The console's own log.
#[derive(Debug, Clone, PartialEq)]
pub struct LogSettings {
    /// The least severe record kept.
    pub level: Sourced<LogLevel>,
    /// Where it is written.
    pub file: Sourced<PathBuf>,
}

/// The recorder of messages.
#[derive(Debug, Clone, PartialEq)]
pub struct RecorderSettings {
    /// Messages kept for a recording; 0 switches it off.
    pub kept: Sourced<usize>,
}

/// The cluster of a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct KubernetesSettings {
    /// The kubeconfig file; absent means the places kubectl looks in.
    pub kubeconfig: Sourced<Option<PathBuf>>,
    /// The context; absent means the current one of the kubeconfig.
    pub context: Sourced<Option<String>>,
    /// API group of the platform's own kinds.
    pub group: Sourced<String>,
    /// Namespace where consoles keep what they share, such as acknowledgements.
    pub namespace: Sourced<String>,
    /// Objects in one page of a list.
    pub page_size: Sourced<u32>,
    /// As whom it is asked.
    pub identity: Sourced<KubernetesIdentity>,
    /// Whether watches start with a streamed list.
    pub streaming_lists: Sourced<StreamingLists>,
}

/// The stream server of a profile.
#[derive(Debug, Clone, PartialEq)]
pub struct ValkeySettings {
    /// Its address; absent means that the profile has none.
    pub url: Sourced<Option<ValkeyUrl>>,
    /// The ACL user; absent means the default one.
    pub username: Sourced<Option<String>>,
    /// Where the password is.
    pub password: Sourced<Option<SecretRef>>,
    /// Certificates trusted instead of the system's.
    pub ca_file: Sourced<Option<PathBuf>>,
    /// The stream which carries the events.
    pub stream: Sourced<String>,
    /// Field of an entry which holds the event; absent means that it is discovered.
    pub field: Sourced<Option<String>>,
}

/// How what belongs to a tenant is named.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TenantsSettings {
    /// The domain of tenants' addresses, which are their databases' names too.
    pub domain: Sourced<String>,
}

/// The PostgreSQL server of a profile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PostgresSettings {
    /// Its address with the role and the database to connect to; absent means that the profile has none.
    pub url: Sourced<Option<ServerUrl>>,
    /// Where the role's password is.
    pub password: Sourced<Option<SecretRef>>,
    /// Certificates trusted instead of the system's.
    pub ca_file: Sourced<Option<PathBuf>>,
    /// Seconds between two refreshes while the server is quick.
    pub refresh: Sourced<u32>,
    /// Its address with the role that operations use; absent means the same as for looking.
    pub control_url: Sourced<Option<ServerUrl>>,
    /// Where that role's password is.
    pub control_password: Sourced<Option<SecretRef>>,
}

/// The pooler before the PostgreSQL server.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PgbouncerSettings {
    /// The address of its admin console; absent means that the profile has none.
    pub url: Sourced<Option<ServerUrl>>,
    /// Where the role's password is.
    pub password: Sourced<Option<SecretRef>>,
    /// The same address with the role that operations use; absent means the same as for looking.
    pub control_url: Sourced<Option<ServerUrl>>,
    /// Where that role's password is.
    pub control_password: Sourced<Option<SecretRef>>,
}

/// The object store of a profile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ObjectsSettings {
    /// Its address; absent means that the profile has none.
    pub endpoint: Sourced<Option<ServerUrl>>,
    /// Its region.
    pub region: Sourced<String>,
    /// The bucket of the backups.
    pub bucket: Sourced<String>,
    /// The bucket of the seeds of templates.
    pub templates_bucket: Sourced<Option<String>>,
    /// The folder of the platform's own dumps in the bucket of the backups.
    pub platform_prefix: Sourced<Option<String>>,
    /// Where the access key is.
    pub access_key: Sourced<Option<SecretRef>>,
    /// Where the secret key is.
    pub secret_key: Sourced<Option<SecretRef>>,
    /// Certificates trusted instead of the system's.
    pub ca_file: Sourced<Option<PathBuf>>,
    /// Minutes between two complete listings.
    pub refresh: Sourced<u32>,
}

/// The Alertmanager of a profile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AlertmanagerSettings {
    /// Its address; absent means that the profile has none.
    pub url: Sourced<Option<ServerUrl>>,
    /// Where the bearer token is.
    pub token: Sourced<Option<SecretRef>>,
    /// Certificates trusted instead of the system's.
    pub ca_file: Sourced<Option<PathBuf>>,
    /// The label of alerts that names the tenant.
    pub tenant_label: Sourced<String>,
}

/// The Prometheus of a profile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PrometheusSettings {
    /// Its address; absent means that the profile has none.
    pub url: Sourced<Option<ServerUrl>>,
    /// Where the bearer token is.
    pub token: Sourced<Option<SecretRef>>,
    /// Certificates trusted instead of the system's.
    pub ca_file: Sourced<Option<PathBuf>>,
    /// The query whose answer is one probe result per address.
    pub probes: Sourced<String>,
}

/// The Loki of a profile.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LokiSettings {
    /// Its address; absent means that the profile has none.
    pub url: Sourced<Option<ServerUrl>>,
    /// Where the bearer token is.
    pub token: Sourced<Option<SecretRef>>,
    /// Certificates trusted instead of the system's.
    pub ca_file: Sourced<Option<PathBuf>>,
    /// The organisation to ask for, where Loki has several.
    pub organisation: Sourced<Option<String>>,
    /// The query of the audit records.
    pub audit: Sourced<String>,
}

/// Who may use the console of a profile, and how they prove it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct IdentitySettings {
    /// The identity provider (OIDC); absent means that nobody signs in.
    pub issuer: Sourced<Option<ServerUrl>>,
    /// The console's application there.
    pub client_id: Sourced<String>,
    /// Where its secret is; absent for a public application.
    pub client_secret: Sourced<Option<SecretRef>>,
    /// Certificates trusted instead of the system's.
    pub ca_file: Sourced<Option<PathBuf>>,
    /// The scopes asked for, with blanks between.
    pub scopes: Sourced<String>,
    /// How to sign in.
    pub flow: Sourced<SignInFlow>,
    /// The program that opens the sign-in page, with its arguments; absent for the desktop's browser.
    pub browser: Sourced<Option<String>>,
    /// Whether the password may be typed into the console.
    pub terminal: Sourced<bool>,
    /// Slug of the provider's flow for that.
    pub terminal_flow: Sourced<String>,
    /// The group of everybody who may use the console.
    pub staff_group: Sourced<String>,
    /// The groups of the operators, with commas between.
    pub operator_groups: Sourced<String>,
    /// The groups of the seniors, with commas between.
    pub senior_groups: Sourced<String>,
    /// What counts as a second factor, with commas between.
    pub factors: Sourced<String>,
    /// Minutes that a sign-in lasts.
    pub lasts: Sourced<u32>,
    /// Minutes without a key after which the screen is hidden; 0 is never.
    pub locks_after: Sourced<u32>,
    /// Whether the session is kept in the keyring between runs.
    pub keyring: Sourced<bool>,
    /// The second application, whose flow always asks for a factor.
    pub step_up_client_id: Sourced<Option<String>>,
    /// Issuer of that application, when it is not the first one's.
    pub step_up_issuer: Sourced<Option<ServerUrl>>,
    /// Where its secret is.
    pub step_up_client_secret: Sourced<Option<SecretRef>>,
    /// What one may do where nobody signs in.
    pub role_without: Sourced<RoleWithout>,
    /// Whether a console opened without the provider may change anything.
    pub break_glass_changes: Sourced<bool>,
}

/// The chat that staff reads.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MatrixSettings {
    /// Its homeserver; absent means that the profile has none.
    pub url: Sourced<Option<ServerUrl>>,
    /// Where the access token is.
    pub token: Sourced<Option<SecretRef>>,
    /// Certificates trusted instead of the system's.
    pub ca_file: Sourced<Option<PathBuf>>,
    /// The room where consoles announce.
    pub alerts_room: Sourced<Option<String>>,
}

/// What operations go by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OperationSettings {
    /// The version of the platform's API group in which objects are written.
    pub version: Sourced<String>,
    /// The namespace of a version.
    pub namespace: Sourced<String>,
    /// The Deployment of a version that serves its tenants.
    pub worker: Sourced<String>,
    /// The namespace of the Jobs of restores and backups.
    pub jobs_namespace: Sourced<String>,
    /// The CronJob that backs a tenant up.
    pub backup_job: Sourced<String>,
    /// The versions that tenants can have, with commas between.
    pub versions: Sourced<String>,
    /// Where a tenant says that it is well.
    pub health_url: Sourced<String>,
    /// Days that insurance backups are kept at least.
    pub keeps: Sourced<u32>,
    /// Hours that an update within a version is watched.
    pub soak: Sourced<u32>,
    /// Hours that an upgrade to another version is watched.
    pub soak_cross: Sourced<u32>,
    /// Days that a journal is kept after everything of its operation is over.
    pub retention: Sourced<u32>,
    /// The most journals that are kept.
    pub journals: Sourced<u32>,
    /// Where one is more careful.
    pub guards: Sourced<Option<String>>,
}

impl Settings {
    /// The settings when nobody set anything: the built-in profile `default`.
    pub fn defaults(paths: &Paths) -> Self {
        let mut settings = Self::unset();
        let base = Base { home: paths.home(), folder: None };
        for key in KEYS {
            let Some(text) = key.default else { continue };
            // A test proves that each default passes its own rule.
            let _ = key.set(&mut settings, Raw::Text(text), &base, Origin::Default);
        }
        settings.log.file.value = paths.log_file();
        settings
    }

    /// Blank values, which only the table fills; never handed out.
    pub(super) fn unset() -> Self {
        Self {
            profile: Sourced::default(),
            danger: Sourced::default(),
            topology: Sourced::default(),
            read_only: Sourced::default(),
            ui: UiSettings {
                theme: Sourced::default(),
                keymap: Sourced::default(),
                pane: Sourced::default(),
                mouse: Sourced::default(),
                color: Sourced::default(),
                time_zone: Sourced::default(),
            },
            events: EventSettings {
                kept: Sourced::default(),
                kept_bytes: Sourced::default(),
                history: Sourced::default(),
            },
            log: LogSettings { level: Sourced::default(), file: Sourced::default() },
            recorder: RecorderSettings { kept: Sourced::default() },
            kubernetes: KubernetesSettings {
                kubeconfig: Sourced::default(),
                context: Sourced::default(),
                group: Sourced::default(),
                namespace: Sourced::default(),
                page_size: Sourced::default(),
                identity: Sourced::default(),
                streaming_lists: Sourced::default(),
            },
            valkey: ValkeySettings {
                url: Sourced::default(),
                username: Sourced::default(),
                password: Sourced::default(),
                ca_file: Sourced::default(),
                stream: Sourced::default(),
                field: Sourced::default(),
            },
            tenants: TenantsSettings::default(),
            postgres: PostgresSettings::default(),
            pgbouncer: PgbouncerSettings::default(),
            objects: ObjectsSettings::default(),
            alertmanager: AlertmanagerSettings::default(),
            prometheus: PrometheusSettings::default(),
            loki: LokiSettings::default(),
            identity: IdentitySettings::default(),
            matrix: MatrixSettings::default(),
            operations: OperationSettings::default(),
        }
    }
}
