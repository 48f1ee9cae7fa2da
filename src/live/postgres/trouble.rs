//! What can go wrong between the console and a server, as sentences for a tired person.

use sqlx::postgres::PgDatabaseError;

use super::columns::Odd;
use super::connect::Target;
use crate::domain::{Trouble, TroubleKind};

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The address is none.
    #[error("the address can't be read: {0}")]
    Address(String),
    /// No answer came in time.
    #[error("{doing}: no answer in time")]
    Late {
        /// What was asked for.
        doing: &'static str,
    },
    /// The server refused, or the link broke.
    #[error("{doing}: {error}")]
    Server {
        /// What was asked for.
        doing: &'static str,
        /// How it failed.
        error: sqlx::Error,
    },
    /// The answer is not what was asked for.
    #[error("{doing}: {odd}")]
    Odd {
        /// What was asked for.
        doing: &'static str,
        /// What is odd.
        odd: Odd,
    },
}

impl Failure {
    /// An answer that is odd.
    pub(super) fn odd(doing: &'static str) -> impl Fn(Odd) -> Self {
        move |odd| Self::Odd { doing, odd }
    }

    /// The code by which the server refuses, where it does.
    pub(super) fn code(&self) -> Option<&str> {
        self.refusal().map(PgDatabaseError::code)
    }

    /// Whether only this statement failed: the link is as good as before.
    pub(super) fn spares_the_link(&self) -> bool {
        // 57: the server is going away; 08: it lost the connection.
        self.code().is_some_and(|code| {
            code == CANCELLED || !(code.starts_with("57") || code.starts_with("08"))
        })
    }

    /// Whether the role may not do what was asked for.
    pub(super) fn is_denied(&self) -> bool {
        self.code() == Some("42501")
    }

    fn refusal(&self) -> Option<&PgDatabaseError> {
        match self {
            Self::Server { error: sqlx::Error::Database(error), .. } => {
                error.try_downcast_ref::<PgDatabaseError>()
            }
            _ => None,
        }
    }
}

/// The server gave up the statement, for its time was over.
const CANCELLED: &str = "57014";

/// Which sort of server failed: it decides what is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// The PostgreSQL server.
    Postgres,
    /// The pooler.
    Pgbouncer,
}

impl Whose {
    const fn section(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Pgbouncer => "pgbouncer",
        }
    }

    const fn program(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Pgbouncer => "pgbouncer",
        }
    }
}

/// The failure of an address, which has no server yet.
pub(super) fn address(failure: &Failure, whose: Whose) -> Trouble {
    let example = match whose {
        Whose::Postgres => "postgres://pulse_console@pg01:5432/postgres",
        Whose::Pgbouncer => "postgres://stats@pg01:6432/pgbouncer",
    };
    Trouble::new(
        TroubleKind::Config,
        &format!("{}: {failure}", whose.program()),
        &format!("Set {}.url to an address such as {example}.", whose.section()),
    )
}

/// The failure as the operator reads it.
pub(super) fn explain(failure: &Failure, target: &Target, whose: Whose) -> Trouble {
    let place = format!("{} at {}", whose.program(), target.name);
    match failure {
        Failure::Address(_) => address(failure, whose),
        Failure::Late { doing } => Trouble::new(
            TroubleKind::Slow,
            &format!("{place} gives no answer in time, {doing}"),
            "It is asked again by itself; look at its load, its disk and the network.",
        ),
        Failure::Odd { doing, odd } => Trouble::new(
            TroubleKind::Protocol,
            &format!("{place} answers oddly, {doing}: {odd}"),
            &format!(
                "Check that {}.url names {}: this console reads PostgreSQL 10 and later, and pgbouncer 1.12 and later.",
                whose.section(),
                whose.program()
            ),
        ),
        Failure::Server { doing, error } => match failure.refusal() {
            Some(refusal) => refused(refusal, doing, &place, (target, whose)),
            None => broken(error, doing, &place, whose),
        },
    }
}

/// The server answered, and said no.
fn refused(
    refusal: &PgDatabaseError,
    doing: &str,
    place: &str,
    (target, whose): (&Target, Whose),
) -> Trouble {
    let (said, section, role) = (refusal.message(), whose.section(), &target.role);
    let (kind, what, remedy) = match refusal.code() {
        CANCELLED => (
            TroubleKind::Slow,
            format!("{place} did not finish in time, {doing}"),
            "It is asked again by itself; look at its load and its disk.".to_owned(),
        ),
        "28P01" => (
            TroubleKind::Unauthenticated,
            format!("{place} does not accept the password of {role}"),
            format!("Check {section}.password, and the role in {section}.url."),
        ),
        "28000" => (
            TroubleKind::Denied,
            format!("{place} does not let {role} in: {said}"),
            "Ask for a line in pg_hba.conf for this role and this address.".to_owned(),
        ),
        "42501" => (
            TroubleKind::Denied,
            format!("{place} refuses, {doing}: {said}"),
            denied_remedy(role, whose),
        ),
        "3D000" => (
            TroubleKind::Config,
            format!("{place}: {said}"),
            format!("Name a database that exists in {section}.url, such as postgres."),
        ),
        "53300" => {
            let what = format!("{place} has no connection left: {said}");
            (TroubleKind::Server, what, CROWDED.to_owned())
        }
        "57P03" => {
            let what = format!("{place} is starting or stopping: {said}");
            (TroubleKind::Server, what, "It is asked again by itself.".to_owned())
        }
        code if code.starts_with("57") => (
            TroubleKind::Unreachable,
            format!("{place} ended the connection: {said}"),
            "It is asked again by itself.".to_owned(),
        ),
        "42703" | "42883" | "42P01" => (
            TroubleKind::Protocol,
            format!("{place} lacks what it should have, {doing}: {said}"),
            format!(
                "This console reads PostgreSQL 10 and later: check what {section}.url names, and its version. It is asked again by itself."
            ),
        ),
        // SHOW is a statement of PostgreSQL too.
        "42704" | "42601" if whose == Whose::Pgbouncer => (
            TroubleKind::Config,
            format!("{place} is no admin console of a pgbouncer: {said}"),
            "Set pgbouncer.url to the pooler, usually port 6432, database pgbouncer.".to_owned(),
        ),
        // pgbouncer's own refusals, and what has no better sentence.
        "08P01" => protocol_refusal(said, place, (target, whose)),
        code => (
            TroubleKind::Server,
            format!("{place} fails, {doing}: {said} ({code})"),
            "It is asked again by itself; its own log says more.".to_owned(),
        ),
    };
    Trouble::new(kind, &what, &remedy)
}

const CROWDED: &str = "Everybody is refused now, Odoo too: see who holds connections, by the pools or on the server itself.";

fn denied_remedy(role: &str, whose: Whose) -> String {
    match whose {
        Whose::Postgres => format!("Ask for: GRANT pg_monitor TO {role}."),
        Whose::Pgbouncer => format!("Ask for {role} to be named in stats_users of pgbouncer.ini."),
    }
}

/// What pgbouncer says when something is wrong with who asks, or how.
fn protocol_refusal(
    said: &str,
    place: &str,
    (target, whose): (&Target, Whose),
) -> (TroubleKind, String, String) {
    let section = whose.section();
    let denied =
        ["not allowed", "no such user", "authentication failed", "password", "admin access"];
    let pooler = ["startup parameter", "admin console"].iter().any(|word| said.contains(word));
    if whose == Whose::Postgres && pooler {
        return (
            TroubleKind::Config,
            format!("{place} is a pooler, not the server: {said}"),
            "Set postgres.url to the server itself, usually port 5432; the pooler belongs into pgbouncer.url."
                .to_owned(),
        );
    }
    if denied.iter().any(|word| said.contains(word)) {
        return (
            TroubleKind::Unauthenticated,
            format!("{place} does not accept {}: {said}", target.role),
            format!("Check {section}.password; the role must be in auth_file and in stats_users."),
        );
    }
    (
        TroubleKind::Server,
        format!("{place} refuses: {said}"),
        "It is asked again by itself; its own log says more.".to_owned(),
    )
}

/// The link broke, or what answers speaks something else.
fn broken(error: &sqlx::Error, doing: &str, place: &str, whose: Whose) -> Trouble {
    let section = whose.section();
    let again = "It is asked again by itself.".to_owned();
    let (kind, what, remedy) = match error {
        error if is_closed(error) => {
            (TroubleKind::Unreachable, format!("{place} closed the connection, {doing}"), again)
        }
        sqlx::Error::Io(error) => (
            TroubleKind::Unreachable,
            format!("{place} can't be reached: {}", plain(error)),
            format!("Check {section}.url, and that the server runs; it is tried again by itself."),
        ),
        sqlx::Error::Tls(error) => (
            TroubleKind::Certificate,
            format!("{place}: the encrypted connection fails: {error}"),
            format!("Check {section}.ca_file, and sslmode in {section}.url."),
        ),
        sqlx::Error::Configuration(error) => {
            (TroubleKind::Config, format!("{place}: {error}"), format!("Correct {section}.url."))
        }
        other => (
            TroubleKind::Protocol,
            format!("{place} does not answer as {} does, {doing}: {}", whose.program(), own(other)),
            format!("Check that {section}.url names {}.", whose.program()),
        ),
    };
    Trouble::new(kind, &what, &remedy)
}

/// Whether the other side ended the connection instead of an answer.
fn is_closed(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(error) => error.kind() == std::io::ErrorKind::UnexpectedEof,
        // The library takes the end of the connection for a byte, which no server sends.
        sqlx::Error::Protocol(said) => said.contains(CLOSED_AT_ONCE),
        _ => false,
    }
}

const CLOSED_AT_ONCE: &str = "response from SSLRequest: 0x00";

/// The library's words without what only its developers need.
fn own(error: &sqlx::Error) -> String {
    let said = match error {
        sqlx::Error::Protocol(said) => said.clone(),
        other => other.to_string(),
    };
    said.split(" (sqlx").next().unwrap_or_default().to_owned()
}

/// The system's words without its number.
fn plain(error: &std::io::Error) -> String {
    let said = error.to_string();
    said.split(" (os error").next().unwrap_or_default().to_lowercase()
}
