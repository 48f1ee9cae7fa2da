//! Settings as typed values that know where they came from, and references to secrets.
//!
//! What it is: one table of settings ([`keys`]), the one place that reads a settings file
//! ([`load()`]), and the pages made from the table ([`show`], [`reference()`]).
//! What it refuses to be: a place for themes, keymaps or manifests (parsed where they are used), a
//! keeper of secrets (only references live here), or a reader of the process by itself: the
//! variables, flags and folders are handed in.
//!
//! Invariants: a setting exists only as a row of the table; every value knows its [`Origin`]; text
//! of a secret is in no error, no listing and no `Debug` output; every input is bounded.

mod bounded;
mod command;
mod document;
mod environment;
mod error;
pub mod keys;
mod load;
mod page;
mod paths;
mod quantity;
mod resolve;
mod secret;
mod server_url;
mod settings;
#[cfg(test)]
mod tests;
mod valkey_url;
mod value;

pub use environment::Environment;
pub use error::{ConfigError, Fault, Place, Problem, Refusal, Warning};
pub use load::{Loaded, Sources, load, parse_assignment};
pub use page::{reference, show};
pub use paths::Paths;
pub use quantity::{ByteSize, QuantityError, parse_duration, parse_size};
pub use resolve::SecretError;
pub use secret::SecretRef;
pub use server_url::ServerUrl;
pub use settings::{
    AlertmanagerSettings, ColorDepth, Danger, EventSettings, IdentitySettings, KubernetesIdentity,
    KubernetesSettings, LogLevel, LogSettings, LokiSettings, MatrixSettings, ObjectsSettings,
    OperationSettings, Origin, PgbouncerSettings, PostgresSettings, PrometheusSettings,
    RecorderSettings, RoleWithout, Settings, SignInFlow, Sourced, StreamingLists, TenantsSettings,
    UiSettings, ValkeySettings,
};
pub use valkey_url::ValkeyUrl;
