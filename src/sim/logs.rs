//! What the pods of the training platform log.
//!
//! Every line follows from the pod and the time alone, so a log says the same however often it is opened, and reading it
//! changes nothing in the world.

use super::audit::audit_lines;
use super::cluster::{self, Trouble, WORKLOADS, Workload, number, trouble};
use super::engine::{Engine, Task};
use crate::domain::{
    Attention, ClusterObject, Fact, FeedId, LogChunk, LogLine, LogSource, LogTold, Observation,
    Span, Text, Timestamp,
};

/// How often an open log is looked into.
const EVERY: Span = Span::from_ms(500);

/// How far back a log is told when it is opened.
const BACK: Span = Span::from_secs(900);

/// How far back audit records are told.
const AUDIT_BACK: Span = Span::from_secs(24 * 3_600);

/// The most lines told at once.
const MOST: usize = 400;

/// The log that the trainee has open.
#[derive(Clone, Debug)]
pub(super) struct OpenLog {
    source: LogSource,
    /// Everything up to here was told.
    told: Timestamp,
    /// Whether its end was told.
    ended: bool,
    /// Whether the way to it was cut since the last line.
    cut: bool,
    /// How many logs were opened before it: looks at another one are not for this.
    number: u64,
}

impl Engine {
    /// The trainee looks at what `attention` says: what there is to tell of it at once.
    pub fn look(&mut self, attention: &Attention) -> Vec<Observation> {
        let known = self.open_log.as_ref().map(|open| &open.source);
        let wanted = attention.log.as_ref();
        if known != wanted {
            self.logs_opened += 1;
            self.open_log = wanted.map(|source| OpenLog {
                source: source.clone(),
                told: self.now().before(match source {
                    LogSource::Pod { .. } => BACK,
                    LogSource::Loki { .. } => AUDIT_BACK,
                }),
                ended: false,
                cut: false,
                number: self.logs_opened,
            });
            self.read_log(self.logs_opened);
        }
        self.told()
    }

    /// Tells what the log that was opened as `number` has said since it was read last.
    pub(super) fn read_log(&mut self, number: u64) {
        let Some(mut open) = self.open_log.clone().filter(|open| open.number == number) else {
            return;
        };
        let feed = match open.source {
            LogSource::Pod { .. } => FeedId::Log,
            LogSource::Loki { .. } => FeedId::Audit,
        };
        if self.is_up(feed) {
            for told in self.said(&mut open) {
                let chunk = LogChunk { source: open.source.clone(), told };
                self.tell(feed, Fact::Log(chunk));
            }
        } else {
            open.cut = true;
        }
        if !open.ended {
            self.queue(EVERY, Task::Log(number));
        }
        self.open_log = Some(open);
    }

    fn said(&self, open: &mut OpenLog) -> Vec<LogTold> {
        let (namespace, pod, previous) = match &open.source {
            LogSource::Pod { namespace, pod, previous, .. } => (namespace, pod, previous),
            LogSource::Loki { query } => {
                let lines = self.recorded(query, open.told);
                // That there is none is told once.
                let first = self.now().since(open.told) >= AUDIT_BACK;
                open.told = self.now();
                let news = first || !lines.is_empty();
                return news.then_some(LogTold::Lines(lines)).into_iter().collect();
            }
        };
        let now = self.now();
        let mut said = Vec::new();
        if std::mem::take(&mut open.cut) {
            said.push(LogTold::Gap(Text::clean(
                "the connection was lost; some lines may be missing",
            )));
        }
        let Some(object) = cluster::pod(self, namespace.as_str(), pod.as_str()) else {
            open.ended = true;
            said.push(LogTold::End(Text::clean("the pod is gone")));
            return said;
        };
        let voice = Voice::of(self, object, *previous);
        let mut lines = voice.lines(open.told, now);
        if lines.len() > MOST {
            lines.drain(..lines.len() - MOST);
        }
        open.told = now;
        if !lines.is_empty() || voice.end.is_some() {
            said.push(LogTold::Lines(lines.into_boxed_slice()));
        }
        if let Some(why) = voice.end {
            open.ended = true;
            said.push(LogTold::End(Text::clean(why)));
        }
        said
    }
}

impl Engine {
    /// The audit records that `query` gives, made since `since` and before now: within this moment more may be made.
    /// Nothing is missed while the way to them is cut, for they are kept.
    fn recorded(&self, query: &Text, since: Timestamp) -> Box<[LogLine]> {
        let lines = audit_lines(self.world(), query.as_str(), self.now().before(Span::from_ms(1)));
        lines.into_iter().filter(|line| line.at >= Some(since)).collect()
    }
}

/// What a container does, which decides what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trade {
    Worker,
    Service,
    Upgrade,
    Restore,
    Build,
    Backup,
}

/// Who speaks: from when to when, and how it ends.
#[derive(Clone, Debug)]
struct Voice {
    trade: Trade,
    /// What its lines follow from.
    seed: String,
    from: Timestamp,
    /// When it fell silent.
    until: Option<Timestamp>,
    /// Its last words, said at that time.
    last: &'static [&'static str],
    /// Why there will be no more.
    end: Option<&'static str>,
}

impl Voice {
    fn of(engine: &Engine, pod: &ClusterObject, previous: bool) -> Self {
        let (start, now) = (engine.scenario.start, engine.now());
        let name = pod.meta.name.as_str();
        let from = pod.meta.created.unwrap_or(start);
        let workload = WORKLOADS.iter().find_map(|workload| {
            (0..workload.wanted).find(|index| workload.pod(*index) == name).map(|n| (workload, n))
        });
        let Some((workload, index)) = workload else {
            return Self::of_work(pod, name, from);
        };
        let trade = if workload.is_worker() { Trade::Worker } else { Trade::Service };
        let seed = name.to_owned();
        let told = engine.scenario.cluster.is_some_and(|plan| plan.troubles);
        let befell = if told { trouble(workload, index, (start, now)) } else { Trouble::None };
        let voice = Self { trade, seed, from, until: None, last: &[], end: None };
        match (befell.restarted(), previous) {
            (None, true) => Self {
                until: Some(from),
                end: Some("the container was never started again: there is no run before this one"),
                ..voice
            },
            (None, false) => voice,
            (Some(at), true) => Self {
                until: Some(at),
                last: last_words(workload, befell),
                end: Some(match befell {
                    Trouble::Crashing { .. } => "that run ended with Error (exit 1)",
                    Trouble::None | Trouble::Killed { .. } => {
                        "that run was killed: OOMKilled (exit 137)"
                    }
                }),
                ..voice
            },
            (Some(at), false) => {
                let crashes = matches!(befell, Trouble::Crashing { .. });
                // One that crashes lives for a few seconds and waits for its next start.
                let until = crashes.then(|| at.after(Span::from_secs(6)));
                let last = if crashes { CRASH } else { &[] };
                Self { from: at, until, last, ..voice }
            }
        }
    }

    fn of_work(pod: &ClusterObject, name: &str, from: Timestamp) -> Self {
        let trade = match pod.containers().next().map(Text::as_str) {
            Some("upgrade") => Trade::Upgrade,
            Some("restore") => Trade::Restore,
            Some("build") => Trade::Build,
            _ => Trade::Backup,
        };
        let ended = cluster::ended(pod);
        let (last, end): (&[&str], _) = match (ended, trade) {
            (None, _) => (&[], None),
            (Some((_, true)), _) => {
                (last_of(trade), Some("the container is done: Completed (exit 0)"))
            }
            (Some((_, false)), Trade::Backup | Trade::Restore) => {
                (NO_ROOM, Some("the container failed: Error (exit 1)"))
            }
            (Some((_, false)), _) => (TRACE, Some("the container failed: Error (exit 1)")),
        };
        let until = ended.map(|(at, _)| at);
        Self { trade, seed: name.to_owned(), from, until, last, end }
    }

    /// The milliseconds between two of its lines.
    const fn pace(&self) -> u64 {
        match self.trade {
            Trade::Worker => 700,
            Trade::Service => 1_900,
            Trade::Upgrade | Trade::Build => 900,
            Trade::Restore | Trade::Backup => 1_700,
        }
    }

    /// What it said after `after` and up to `now`. A voice that is silent for good tells its last minutes, however long
    /// ago they were, when it is read for the first time.
    fn lines(&self, after: Timestamp, now: Timestamp) -> Vec<LogLine> {
        let until = self.until.map_or(now, |until| until.min(now));
        let first = now.since(after) >= BACK;
        let after = if first { until.before(BACK).min(after) } else { after };
        let mut lines = Vec::new();
        let pace = self.pace();
        let begin = if after > self.from { after.since(self.from).ms() / pace } else { 0 };
        for n in begin.. {
            let jitter = number(&format!("{}/{n}", self.seed)) % pace;
            let at = self.from.after(Span::from_ms(n * pace + jitter));
            if at > until {
                break;
            }
            if at > after && at < until {
                let text = Text::from(self.line(n, at));
                lines.push(LogLine { at: Some(at), text });
            }
        }
        // The end is told once; what was said with it must not be lost when it is learnt late.
        let told = |until: &Timestamp| *until <= now && (self.end.is_some() || *until > after);
        if let Some(until) = self.until.filter(told) {
            let last = |text: &&str| LogLine { at: Some(until), text: Text::clean(text) };
            lines.extend(self.last.iter().map(last));
        }
        lines
    }

    /// Its line number `n`.
    fn line(&self, n: u64, at: Timestamp) -> String {
        let roll = number(&format!("{}/{n}/what", self.seed));
        let pick = |from: &'static [&'static str], shift: u32| -> &'static str {
            let index = usize::try_from((roll >> shift) % from.len().max(1) as u64);
            index.ok().and_then(|index| from.get(index)).copied().unwrap_or_default()
        };
        let stamp = at.utc().format("%Y-%m-%d %H:%M:%S,%3f");
        match self.trade {
            Trade::Worker if roll.is_multiple_of(97) => format!(
                "{stamp} 12 WARNING {} odoo.sql_db: the pool is nearly full: {} of 32",
                pick(TENANTS, 8),
                27 + roll % 5
            ),
            Trade::Worker => format!(
                "{stamp} 12 INFO {} werkzeug: 10.20.0.{} - - \"{}\" {} - {} 0.{:03} 0.{:03}",
                pick(TENANTS, 8),
                roll % 200 + 11,
                pick(REQUESTS, 16),
                if roll.is_multiple_of(31) { 303 } else { 200 },
                roll % 40 + 2,
                roll % 90,
                roll % 400,
            ),
            Trade::Service => format!(
                "{{\"level\":\"{}\",\"time\":\"{at}\",\"msg\":\"{}\",\"ms\":{}}}",
                if roll.is_multiple_of(61) { "warn" } else { "info" },
                pick(CALLS, 8),
                roll % 180 + 1
            ),
            Trade::Upgrade | Trade::Build => format!(
                "{stamp} 1 INFO ? odoo.modules.loading: Loading module {} ({}/214)",
                pick(MODULES, 8),
                (n + 1).min(214)
            ),
            Trade::Restore => {
                format!("pg_restore: processing data for table \"{}\"", pick(TABLES, 8))
            }
            Trade::Backup => format!("pg_dump: dumping contents of table \"{}\"", pick(TABLES, 8)),
        }
    }
}

const fn last_of(trade: Trade) -> &'static [&'static str] {
    match trade {
        Trade::Upgrade => &[
            "INFO ? odoo.modules.loading: 214 modules loaded",
            "INFO ? odoo.modules.registry: Registry loaded",
            "upgrade: done",
        ],
        Trade::Build => {
            &["INFO ? odoo.modules.loading: 214 modules loaded", "template: marked as template"]
        }
        Trade::Restore => &["restore: done; the clone is ready to be looked at"],
        Trade::Backup => &["backup: uploaded dump and filestore"],
        Trade::Worker | Trade::Service => &[],
    }
}

fn last_words(workload: &Workload, befell: Trouble) -> &'static [&'static str] {
    match befell {
        Trouble::Crashing { .. } => CRASH,
        Trouble::Killed { .. } if workload.is_worker() => &[
            "WARNING ? odoo.service.server: Server memory limit (4294967296) reached.",
            "INFO ? odoo.service.server: Worker (12) is over its memory limit, it will be recycled",
        ],
        Trouble::None | Trouble::Killed { .. } => &[],
    }
}

const CRASH: &[&str] = &[
    "{\"level\":\"info\",\"msg\":\"reading the key ring of the bank's interface\"}",
    "{\"level\":\"fatal\",\"msg\":\"ERROR the client certificate of the bank's interface ended yesterday\"}",
    "    at loadCertificate (/app/src/bank/tls.js:88:11)",
    "    at start (/app/src/main.js:31:9)",
];

const TRACE: &[&str] = &[
    "ERROR ? odoo.modules.registry: Failed to load registry",
    "Traceback (most recent call last):",
    "  File \"/opt/odoo/odoo/modules/loading.py\", line 221, in load_module_graph",
    "    migrations.migrate_module(package, 'post')",
    "  File \"/opt/odoo/addons/plana_fiscal_bg/migrations/post-journals.py\", line 14, in migrate",
    "    env['account.journal'].search([('plana_fiscal', '=', True)])",
    "ValueError: Invalid field account.journal.plana_fiscal in leaf ('plana_fiscal', '=', True)",
    "CRITICAL ? odoo.service.server: Failed to initialize database",
];

const NO_ROOM: &[&str] = &[
    "pg_dump: error: connection to server at \"10.10.0.11\", port 5432 failed: timeout expired",
    "ERROR backup: nothing was uploaded",
];

const TENANTS: &[&str] = &[
    "meden-dab.planapulse.app",
    "gorska-pchela.planapulse.app",
    "lunen-far.planapulse.app",
    "sinya-varba.planapulse.app",
];

const REQUESTS: &[&str] = &[
    "POST /web/dataset/call_kw/account.move/web_search_read HTTP/1.1",
    "POST /web/dataset/call_kw/stock.picking/read HTTP/1.1",
    "POST /web/action/load HTTP/1.1",
    "GET /web/health HTTP/1.1",
    "GET /web/image/res.partner/31/avatar_128 HTTP/1.1",
    "POST /longpolling/poll HTTP/1.1",
];

const CALLS: &[&str] = &[
    "GET /healthz 200",
    "GET /readyz 200",
    "POST /api/v1/events 202",
    "GET /api/v1/status 200",
    "read 16 entries of PLANA:events",
];

const MODULES: &[&str] = &[
    "plana_saas",
    "plana_auth",
    "plana_fiscal_bg",
    "plana_bus_redis",
    "account",
    "stock_account",
    "l10n_bg",
    "sale_management",
    "purchase_stock",
    "mrp",
];

const TABLES: &[&str] = &[
    "public.account_move_line",
    "public.mail_message",
    "public.stock_move",
    "public.ir_attachment",
    "public.res_partner",
    "public.product_template",
];
