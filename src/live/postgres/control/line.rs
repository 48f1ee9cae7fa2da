//! One short connection for a change or a look, and why it came to nothing.

use std::time::Duration;

use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::domain::{Trouble, TroubleKind};
use crate::live::postgres::connect::Target;
use crate::live::postgres::trouble::{self, Failure, Whose};
use crate::platform::Unacted;

/// The longest wait for an answer: the server itself gives up before.
const ANSWER: Duration = Duration::from_secs(15);
/// The longest good-bye.
const CLOSE: Duration = Duration::from_secs(1);

/// Why nothing came of it.
#[derive(Debug)]
pub(super) enum Stop {
    /// There was no connection.
    Unreached(Failure),
    /// The server refused, or the link broke.
    Failed(Failure),
    /// It is known to be wrong.
    Refused(Trouble),
}

/// A connection.
pub(super) struct Line(PgConnection);

impl Line {
    pub(super) async fn open(target: &Target) -> Result<Self, Stop> {
        target.connect().await.map(Self).map_err(Stop::Unreached)
    }

    /// The rows of one statement with its values.
    pub(super) async fn ask(
        &mut self,
        doing: &'static str,
        query: Query<'_, Postgres, PgArguments>,
    ) -> Result<Vec<PgRow>, Stop> {
        let asking = tokio::time::timeout(ANSWER, query.fetch_all(&mut self.0)).await;
        let answer = asking.map_err(|_| Stop::Failed(Failure::Late { doing }))?;
        answer.map_err(|error| Stop::Failed(Failure::Server { doing, error }))
    }

    /// One statement that can have no values, such as of names, which are quoted in it.
    pub(super) async fn run(
        &mut self,
        doing: &'static str,
        statement: String,
        within: Duration,
    ) -> Result<Vec<PgRow>, Stop> {
        let asking = sqlx::raw_sql(AssertSqlSafe(statement)).fetch_all(&mut self.0);
        let answer = tokio::time::timeout(within, asking).await;
        let answer = answer.map_err(|_| Stop::Failed(Failure::Late { doing }))?;
        answer.map_err(|error| Stop::Failed(Failure::Server { doing, error }))
    }

    /// The same, within the usual time.
    pub(super) async fn run_soon(
        &mut self,
        doing: &'static str,
        statement: String,
    ) -> Result<Vec<PgRow>, Stop> {
        self.run(doing, statement, ANSWER).await
    }

    /// Says good-bye, if the server listens.
    pub(super) async fn close(self) {
        let _ = tokio::time::timeout(CLOSE, self.0.close()).await;
    }
}

impl Stop {
    /// It is known without asking that this can't be.
    pub(super) fn refused(kind: TroubleKind, what: &str, remedy: &str) -> Self {
        Self::Refused(Trouble::new(kind, what, remedy))
    }

    /// The same of a look before a change: nothing was changed yet, whatever became of the look.
    pub(super) fn before(self) -> Self {
        match self {
            Self::Failed(failure) => Self::Unreached(failure),
            other => other,
        }
    }

    /// The server's code, where it refused.
    pub(super) fn code(&self) -> Option<&str> {
        match self {
            Self::Unreached(failure) | Self::Failed(failure) => failure.code(),
            Self::Refused(_) => None,
        }
    }

    /// What the server says, where it refused.
    pub(super) fn said(&self) -> String {
        match self {
            Self::Unreached(Failure::Server { error, .. })
            | Self::Failed(Failure::Server { error, .. }) => {
                let said = error.as_database_error().map(|error| error.message().to_owned());
                said.unwrap_or_default()
            }
            _ => String::new(),
        }
    }

    /// As a sentence.
    pub(super) fn explain(self, target: &Target, whose: Whose) -> Trouble {
        match self {
            Self::Unreached(failure) | Self::Failed(failure) => explain(&failure, target, whose),
            Self::Refused(trouble) => trouble,
        }
    }

    /// What became of the change.
    pub(super) fn judge(self, target: &Target, whose: Whose) -> Unacted {
        let code = self.code().unwrap_or_default().to_owned();
        match self {
            Self::Refused(trouble) => Unacted::Refused(trouble),
            // A role that is not let in won't be let in by waiting.
            Self::Unreached(failure) if matches!(code.get(..2), Some("28" | "3D" | "42")) => {
                Unacted::Refused(explain(&failure, target, whose))
            }
            Self::Unreached(failure) => Unacted::Unreached(explain(&failure, target, whose)),
            Self::Failed(failure) => {
                let trouble = explain(&failure, target, whose);
                match code.as_str() {
                    // No word of the server came, or its last one.
                    "" | "57P01" | "57P02" => Unacted::Unsure(trouble),
                    code if code.starts_with("08") && whose == Whose::Postgres => {
                        Unacted::Unsure(trouble)
                    }
                    // It gave up, changed nothing, and may do it the next time.
                    "57014" | "55P03" | "57P03" | "53300" | "40001" | "40P01" => {
                        Unacted::Unreached(trouble)
                    }
                    _ => Unacted::Refused(trouble),
                }
            }
        }
    }
}

/// As the feeds say it, but for what a change is told that a look is not.
fn explain(failure: &Failure, target: &Target, whose: Whose) -> Trouble {
    let trouble = trouble::explain(failure, target, whose);
    let code = failure.code().unwrap_or_default();
    match code {
        "42501" => {
            let remedy = format!(
                "The role {} of {} may not do that: ask for one that owns the databases, or do it by hand.",
                target.role, target.name
            );
            Trouble::new(TroubleKind::Denied, trouble.what.as_str(), &remedy)
        }
        "08P01" if whose == Whose::Pgbouncer && trouble.what.as_str().contains("admin access") => {
            let remedy = format!("Name {} in admin_users of pgbouncer.ini.", target.role);
            Trouble::new(TroubleKind::Denied, trouble.what.as_str(), &remedy)
        }
        _ => trouble,
    }
}
