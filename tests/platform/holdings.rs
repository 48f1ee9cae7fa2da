//! What Valkey holds beside the event stream: sessions, bus, agents' executions, queues, the firewall's cache.
//!
//! PLANA does not publish how an execution is stored; here each workspace has a stream whose fields are the columns of the
//! execution log.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use redis::Pipeline;
use serde_json::json;

use super::events::EventStream;
use super::kinds::{client_name, client_tier};
use super::{PlatformError, Valkey, groups, queues};

/// Every so many tenants use agents.
const AGENTS_EVERY: usize = 3;
/// About how many executions of a workspace are kept.
const EXECUTIONS_MAX: usize = 1_000;
const DAY: u64 = 86_400;
/// A command this slow is kept in the slow log; in microseconds, the server's own default.
const SLOW: u64 = 10_000;

/// What a user of the server may do who is to see all and change nothing.
pub const OBSERVER_RULES: &str = "resetchannels ~* +@read +@connection +info +slowlog|get +slowlog|len +client|list \
                                  +client|setname +client|setinfo +latency|latest +memory|stats +config|get";

/// One agent's tools; the write tools only say what they would do.
const TOOLS: [(&str, &str, bool); 8] = [
    ("finance", "cash_position", false),
    ("finance", "overdue_invoices", false),
    ("finance", "register_payment", true),
    ("operations", "stock_levels", false),
    ("operations", "reorder_product", true),
    ("sales", "pipeline_summary", false),
    ("sales", "create_quotation", true),
    ("marketing", "campaign_report", false),
];

impl Valkey {
    /// Fills the server with all that the services and the workers of `tenants` tenants keep there. The event stream is to
    /// be published before: the groups begin with what it holds.
    pub async fn fill(&self, tenants: usize, now: DateTime<Utc>) -> Result<(), PlatformError> {
        let mut connection = self.connection().await?;
        for index in 0..tenants {
            let mut pipe = redis::pipe();
            sessions(&mut pipe, index);
            if index % AGENTS_EVERY == 0 {
                for number in 0..12 + index % 20 {
                    let at = now - Duration::minutes(i64::try_from(number).unwrap_or(0) * 7);
                    execution(&mut pipe, index, number, at);
                }
            }
            pipe.exec_async(&mut connection).await?;
        }
        firewall(&mut connection).await?;
        groups::fill(&mut connection, &EventStream::default().key).await?;
        queues::fill(&mut connection, now).await?;
        self.fill_slow_log().await
    }

    /// One step of the platform's life: queues and groups move, agents work, sessions come.
    pub async fn churn(
        &self,
        tenants: usize,
        step: u64,
        now: DateTime<Utc>,
    ) -> Result<(), PlatformError> {
        let mut connection = self.connection().await?;
        groups::step(&mut connection, &EventStream::default().key, step).await?;
        queues::step(&mut connection, step, now).await?;
        let number = usize::try_from(step).unwrap_or(0);
        let index = number.wrapping_mul(7) % tenants.max(1);
        let mut pipe = redis::pipe();
        sessions(&mut pipe, index);
        if step.is_multiple_of(4) {
            execution(&mut pipe, index - index % AGENTS_EVERY, number, now);
        }
        pipe.exec_async(&mut connection).await?;
        Ok(())
    }

    /// Makes the slow log hold a few commands, one of them slow indeed.
    pub async fn fill_slow_log(&self) -> Result<(), PlatformError> {
        let mut connection = self.connection().await?;
        let limit = |microseconds: u64| {
            let mut set = redis::cmd("CONFIG");
            set.arg("SET").arg("slowlog-log-slower-than").arg(microseconds);
            set
        };
        limit(0).exec_async(&mut connection).await?;
        for pattern in ["odoo:session:*", "odoo:bus:*"] {
            redis::cmd("KEYS").arg(pattern).exec_async(&mut connection).await?;
        }
        limit(SLOW).exec_async(&mut connection).await?;
        let busy = "local n = 0 for i = 1, 3000000 do n = n + i end return n";
        redis::cmd("EVAL").arg(busy).arg(0).exec_async(&mut connection).await?;
        Ok(())
    }

    /// Makes a user who may do what `rules` allow. A restart forgets them.
    pub async fn add_user(
        &self,
        name: &str,
        password: &str,
        rules: &str,
    ) -> Result<(), PlatformError> {
        let mut command = redis::cmd("ACL");
        command.arg("SETUSER").arg(name).arg("reset").arg("on").arg(format!(">{password}"));
        rules.split_whitespace().for_each(|rule| {
            command.arg(rule);
        });
        command.exec_async(&mut self.connection().await?).await?;
        Ok(())
    }
}

/// The database of a tenant.
fn database(index: usize) -> String {
    format!("{}.planapulse.app", client_name(index))
}

fn sessions(pipe: &mut Pipeline, index: usize) {
    let (slug, db) = (client_name(index), database(index));
    for number in 0..2 + index % 9 {
        let session = json!({ "db": db, "login": format!("user{number}@{slug}.example.bg"), "uid": number + 2 });
        let life = DAY * 7 - u64::try_from(number).unwrap_or(0) * 3_600;
        let key = format!("odoo:session:{db}:{:040x}", index * 100 + number);
        pipe.set_ex(key, session.to_string(), life).ignore();
    }
    let key = format!("odoo:bus:{db}:notifications");
    let note = json!({ "type": "mail.message/insert", "channel": "res.partner" });
    pipe.lpush(&key, note.to_string()).ltrim(&key, 0, 49).expire(&key, 300).ignore();
    if client_tier(index) != "starter" {
        let key = format!("PLANA:sessions:{slug}:{:08x}", index + 0x5e_0000);
        let chat = json!({ "agent": "finance", "messages": 3 + index % 11 });
        pipe.set_ex(key, chat.to_string(), DAY - u64::try_from(index % 1_000).unwrap_or(0))
            .ignore();
    }
}

/// One call of a tool by an agent of the workspace.
fn execution(pipe: &mut Pipeline, index: usize, number: usize, at: DateTime<Utc>) {
    let slug = client_name(index);
    let Some(&(agent, tool, writes)) = TOOLS.get(number % TOOLS.len()) else { return };
    let failed = number % 11 == 10;
    let status = match (writes, failed) {
        (true, _) => "would_execute",
        (false, true) => "error",
        (false, false) => "success",
    };
    let answer = if failed {
        json!({ "error": "Odoo answered 503" })
    } else {
        json!({ "rows": number % 40 })
    };
    let latency = 180 + number.wrapping_mul(137) % 2_400;
    let key = format!("PLANA:executions:{slug}");
    pipe.cmd("XADD").arg(key).arg("MAXLEN").arg("~").arg(EXECUTIONS_MAX).arg("*");
    pipe.arg("timestamp").arg(at.to_rfc3339_opts(SecondsFormat::Millis, true));
    pipe.arg("agent").arg(agent).arg("tool").arg(tool);
    pipe.arg("latency").arg(latency).arg("status").arg(status);
    pipe.arg("arguments").arg(json!({ "company_id": 1, "token": "[redacted]" }).to_string());
    pipe.arg("return").arg(answer.to_string()).ignore();
}

async fn firewall(connection: &mut redis::aio::MultiplexedConnection) -> Result<(), PlatformError> {
    let mut pipe = redis::pipe();
    for number in 0..30_u64 {
        let key = format!("coraza:ip:203.0.113.{number}");
        pipe.set_ex(key, number * 3, 120 + number * 10).ignore();
    }
    pipe.exec_async(connection).await?;
    Ok(())
}
