//! One connection to a server, and the one place where statements are sent on it.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use sqlx::postgres::{PgConnectOptions, PgRow, PgSslMode, Postgres};
use sqlx::query::Query;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use super::Options;
use super::trouble::Failure;
use crate::domain::Span;
use crate::platform::Sink;

/// What the console calls itself on the server.
const APPLICATION: &str = "pulse-console";

/// How long connecting may take, TLS and the password included.
const CONNECT: Duration = Duration::from_secs(3);

/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(3);

/// How long a sign of life may take.
const PING: Duration = Duration::from_secs(2);

/// The settings of each connection: it can't write, the server gives up a moment before the console would, and what is
/// read is the server's own, whatever stands before it in the role's search path.
const SETTINGS: [(&str, &str); 5] = [
    ("search_path", "pg_catalog"),
    ("statement_timeout", "2800"),
    ("lock_timeout", "500"),
    ("default_transaction_read_only", "on"),
    ("idle_in_transaction_session_timeout", "5000"),
];

/// The settings of a connection that changes something: see [`Target::controlled`].
const CONTROLLING: [(&str, &str); 4] = [
    ("search_path", "pg_catalog"),
    ("statement_timeout", "12000"),
    ("lock_timeout", "3000"),
    ("idle_in_transaction_session_timeout", "15000"),
];

/// Who the server is, and who asks.
#[derive(Clone)]
pub(super) struct Target {
    /// `host:port`, for sentences.
    pub(super) name: String,
    /// The role.
    pub(super) role: String,
    options: PgConnectOptions,
}

impl Target {
    /// The PostgreSQL server that `options` name.
    pub(super) fn server(options: &Options) -> Result<Self, Failure> {
        let mut target = Self::parse(options)?;
        target.options = target
            .options
            .application_name(APPLICATION)
            .statement_cache_capacity(16)
            .options(SETTINGS);
        Ok(target)
    }

    /// The same server, for changes: a statement may wait for sessions to end, and a lock that others hold is not waited
    /// for long.
    pub(super) fn controlled(options: &Options) -> Result<Self, Failure> {
        let mut target = Self::parse(options)?;
        target.options = target
            .options
            .application_name(APPLICATION)
            .statement_cache_capacity(0)
            .options(CONTROLLING);
        Ok(target)
    }

    /// The admin console of the pgbouncer that `options` name. It is told nothing but who asks: it refuses settings that
    /// it does not know.
    pub(super) fn bouncer(options: &Options) -> Result<Self, Failure> {
        let mut target = Self::parse(options)?;
        if target.options.get_database().is_none() {
            target.options = target.options.database("pgbouncer");
        }
        target.options = target.options.application_name(APPLICATION).extra_float_digits(None);
        Ok(target)
    }

    fn parse(options: &Options) -> Result<Self, Failure> {
        let scheme = options.url.split("://").next().unwrap_or_default();
        if !["postgres", "postgresql"].contains(&scheme) {
            return Err(Failure::Address("it does not begin with postgres://".to_owned()));
        }
        let mut parsed: PgConnectOptions = options
            .url
            .parse()
            .map_err(|error: sqlx::Error| Failure::Address(error.to_string()))?;
        parsed = parsed.disable_statement_logging();
        if let Some(password) = &options.password {
            parsed = parsed.password(password.expose_secret());
        }
        if let Some(file) = &options.ca_file {
            parsed = parsed.ssl_mode(PgSslMode::VerifyFull).ssl_root_cert(file);
        }
        let name = format!("{}:{}", parsed.get_host(), parsed.get_port());
        Ok(Self { name, role: parsed.get_username().to_owned(), options: parsed })
    }

    /// Connects.
    pub(super) async fn connect(&self) -> Result<PgConnection, Failure> {
        let connecting = tokio::time::timeout(CONNECT, self.options.connect());
        connecting
            .await
            .map_err(|_| Failure::Late { doing: "connecting" })?
            .map_err(|error| Failure::Server { doing: "connecting", error })
    }

    /// The same server, another database of it.
    pub(super) fn to_database(&self, database: &str) -> Self {
        Self { options: self.options.clone().database(database), ..self.clone() }
    }
}

/// An open connection, and what it has cost since it was last asked.
pub(super) struct Link {
    connection: PgConnection,
    clock: Sink,
    spent: Spent,
}

/// What asking cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    /// Statements.
    pub(super) asked: u64,
    /// The time from each statement to its answer, together.
    pub(super) took: Span,
}

impl Link {
    /// Connects to `target`.
    pub(super) async fn open(target: &Target, clock: &Sink) -> Result<Self, Failure> {
        let connection = target.connect().await?;
        Ok(Self { connection, clock: clock.clone(), spent: Spent::default() })
    }

    /// Sends one statement; `doing` says what for. After a failure that is no refusal the link is of no use.
    pub(super) async fn ask<'q>(
        &'q mut self,
        doing: &'static str,
        query: Query<'q, Postgres, sqlx::postgres::PgArguments>,
    ) -> Result<Vec<PgRow>, Failure> {
        let began = self.clock.now();
        let answer = tokio::time::timeout(ANSWER, query.fetch_all(&mut self.connection)).await;
        let took = self.clock.now().since(began);
        self.spent.asked += 1;
        self.spent.took = Span::from_ms(self.spent.took.ms() + took.ms());
        answer
            .map_err(|_| Failure::Late { doing })?
            .map_err(|error| Failure::Server { doing, error })
    }

    /// Sends one command of pgbouncer's admin console, by the simple protocol, the only one that it speaks.
    pub(super) async fn show(
        &mut self,
        doing: &'static str,
        command: &'static str,
    ) -> Result<Vec<PgRow>, Failure> {
        let asking = sqlx::raw_sql(command).fetch_all(&mut self.connection);
        tokio::time::timeout(ANSWER, asking)
            .await
            .map_err(|_| Failure::Late { doing })?
            .map_err(|error| Failure::Server { doing, error })
    }

    /// Whether the server is still there: a word of the protocol that is no statement. Tells how long it took.
    pub(super) async fn ping(&mut self) -> Result<Span, Failure> {
        const DOING: &str = "asking whether it is there";
        let began = self.clock.now();
        tokio::time::timeout(PING, self.connection.ping())
            .await
            .map_err(|_| Failure::Late { doing: DOING })?
            .map_err(|error| Failure::Server { doing: DOING, error })?;
        Ok(self.clock.now().since(began))
    }

    /// What was spent since this was last asked.
    pub(super) fn spent(&mut self) -> Spent {
        std::mem::take(&mut self.spent)
    }

    /// Says good-bye, if the server listens.
    pub(super) async fn close(self) {
        // A server that is gone needs no good-bye.
        let _ = tokio::time::timeout(Duration::from_secs(1), self.connection.close()).await;
    }
}
