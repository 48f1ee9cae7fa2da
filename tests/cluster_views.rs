//! The panes of runs, of the cluster and of the services, and the log behind their rows, over the training world.

#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod journey;

use journey::Journey;
use pulse_console::app::{Effect, Msg};
use pulse_console::domain::{ClusterKind, FeedId, LogSource, Span, TroubleKind};
use pulse_console::sim::Fault;
use pulse_console::store::table::TableId;

/// Before `table` of the calm night, on a screen of `size`.
fn before(table: TableId, (width, height): (u16, u16)) -> Journey {
    let mut journey = Journey::on("calm-night");
    journey.size(width, height).show(table);
    journey
}

impl Journey {
    /// Goes to `table`.
    fn show(&mut self, table: TableId) -> &mut Self {
        self.app.screen.pane = table;
        self.send(Msg::Tick)
    }

    /// Shows only the rows that match `filter`, with the cursor on the first.
    fn only(&mut self, filter: &str) -> &mut Self {
        self.keys("/").types(filter).keys("enter g g")
    }

    fn log(&self) -> Option<LogSource> {
        self.app.attention().log
    }
}

#[test]
fn every_table_shows_what_matters_on_a_small_screen() {
    for (table, seen) in [
        (TableId::Upgrades, vec!["1 pod runs", "◌ progressing", "in 21h00m", "✗ failed"]),
        (TableId::Workloads, vec!["pulse-banking", "▲ degraded", "1 of 2 ready", "plana-odoo-18"]),
        (TableId::Pods, vec!["CrashLoopBackOff", "RESTARTS", " 9 ", "pulse-ban"]),
        (TableId::Network, vec!["sinya-varba", "accepted, no", "9 days left", "in 9d"]),
        (TableId::Flux, vec!["docs", "suspended", "infra/k8s/d"]),
        (TableId::Jobs, vec!["sinya-varba-backup", "the last run", "cronjob"]),
        (TableId::Nodes, vec!["pool-2c7f1-a", "bound, 2Ti", "● healthy"]),
        (TableId::Services, vec!["pulse-banking", "1/2", "Error (exit 1)"]),
    ] {
        let mut journey = before(table, (80, 24));
        for text in seen {
            journey.sees(text);
        }
    }
    let mut journey = before(TableId::Pods, (80, 24));
    journey.sees("nodes 3 of 3 well").sees("3 unwell").sees("flux ▲ docs suspended");
    journey.show(TableId::Services).sees("services 17 of 18 ready");
}

#[test]
fn the_worst_stands_first() {
    for table in
        [TableId::Workloads, TableId::Pods, TableId::Network, TableId::Flux, TableId::Services]
    {
        let mut journey = before(table, (120, 40));
        let first = journey.line("▸");
        assert!(first.contains('✗') || first.contains('▲'), "{table:?}: {first}");
    }
}

#[test]
fn details_say_in_words_how_an_object_stands_and_where_it_is_changed() {
    let mut journey = before(TableId::Workloads, (150, 60));
    journey.keys("enter");
    journey.sees("owned by Flux (pulse-services)").sees("infra/k8s/pulse-services/");
    journey
        .sees("is undone within a minute")
        .sees("Pods")
        .sees("CrashLoopBackOff 9")
        .sees("Events");
    journey.sees("ProgressDeadlineExceeded");
    journey.show(TableId::Pods).keys("enter");
    journey.sees("ReplicaSet/pulse-banking").sees("Error (exit 1)").sees("BackOff");
    journey.show(TableId::Network).keys("enter").sees("backend worker-odoo has no ready");
    journey.only("kind:certificate health<healthy").sees("the renewal fails");
    journey.sees("Runbook: ").sees("What not to do");
    journey.show(TableId::Jobs).keys("enter").only("sinya-varba kind:cronjob");
    journey.sees("Jobs").sees("0 2 * * *");
}

#[test]
fn a_failed_run_says_why_and_how_long_others_are_watched() {
    let mut journey = before(TableId::Upgrades, (150, 60));
    journey.keys("enter").only("sinya-varba");
    journey.sees("Why it failed").sees("BackoffLimitExceeded").sees("ended with Error (exit 1)");
    journey.sees("press l").sees("serves all").sees("38 tenants").sees("Runbook: An upgrade");
    journey.keys("F").only("stara-chinara").sees("watched for 2d0h").sees("in 21h");
    journey.keys("F").only("gorska").lacks("watched for").sees("phase          done since");
}

#[test]
fn the_job_of_a_run_follows_its_phase() {
    let mut journey = before(TableId::Upgrades, (120, 40));
    // The upgrade of the story begins after seven minutes and fails after two more.
    journey.advance(7 * 60 + 15).only("lunen-far").sees("1 pod runs").keys("l");
    journey.sees("Loading module").sees("following").lacks("Traceback");
    let before = journey.app.store.log().entries().len();
    journey.advance(10);
    assert!(journey.app.store.log().entries().len() > before, "the log goes on");
    journey.advance(130).sees("Traceback").sees("ValueError").sees("There is no more");
    journey.sees("ended, last line").keys("esc").sees("✗ failed");
    let line = journey.line("lunen-far");
    assert!(!line.contains("1 pod runs") && line.contains("failed"), "{line}");
}

#[test]
fn a_pod_that_is_killed_is_seen_and_counted() {
    let mut journey = before(TableId::Pods, (120, 40));
    journey.advance(3 * 60 + 10).only("starting").sees("OOMKilled (exit 137)");
    let name = journey.cursor_name().expect("a pod");
    journey.show(TableId::Workloads).only("worker-odoo state:5").sees("5 of 6 ready");
    journey.show(TableId::Pods).keys("F").advance(60).only(&name);
    let line = journey.line("▸");
    assert!(line.contains("● healthy") && line.contains("OOMKilled"), "{line}");
}

#[test]
fn what_belongs_to_a_tenant_goes_with_it() {
    let mut journey = before(TableId::Network, (120, 40));
    journey.only("tenant:demo-april").sees("demo-april");
    journey.advance(8 * 60 + 50);
    let of = |kind: ClusterKind| {
        let objects = journey.app.store.cluster(kind).iter();
        objects
            .filter(|(_, it)| it.object.tenant.as_ref().is_some_and(|t| *t == "demo-april"))
            .count()
    };
    for kind in [ClusterKind::Route, ClusterKind::CronJob, ClusterKind::Job, ClusterKind::Pod] {
        assert_eq!(of(kind), 0, "{kind}");
    }
    // The route of one that is made later comes with it.
    journey.advance(60).only("tenant:lyatna-nosht").sees("lyatna-nosht");
}

#[test]
fn the_strip_counts_what_the_tables_hold() {
    let mut journey = before(TableId::Pods, (120, 40));
    journey.advance(700);
    let store = &journey.app.store;
    for kind in ClusterKind::ALL {
        let objects = store.cluster(kind);
        assert_eq!(store.tally().all(kind), objects.len(), "{kind}");
        for health in pulse_console::domain::Health::ALL {
            let held = objects.iter().filter(|(_, held)| held.object.health == health).count();
            assert_eq!(store.tally().of(kind, health), held, "{kind} {health}");
        }
    }
}

#[test]
fn a_log_is_followed_and_keeps_its_place_when_it_is_not() {
    let mut journey = before(TableId::Pods, (120, 30));
    journey.only("worker-odoo running namespace:plana-odoo-18").keys("l");
    assert!(matches!(journey.log(), Some(LogSource::Pod { previous: false, .. })));
    journey.sees("log of plana-odoo-18/worker-odoo").sees("following, last line");
    let newest = journey.line("▸");
    journey.advance(5);
    assert_ne!(journey.line("▸"), newest, "the newest line is in sight");
    journey.keys("k").sees("staying here");
    let (place, shown) = (journey.line("▸"), journey.screen().lines().nth(10).map(str::to_owned));
    journey.advance(20);
    assert_eq!(journey.line("▸"), place, "the cursor stays on its line");
    assert_eq!(
        journey.screen().lines().nth(10).map(str::to_owned),
        shown,
        "and the page in its place"
    );
    journey.keys("f").sees("following").keys("g g").sees("staying here").keys("G");
    journey.sees("following").keys("esc").lacks("log of");
    assert_eq!(journey.log(), None, "a log that is closed is read no more");
}

#[test]
fn a_log_is_searched() {
    let mut journey = before(TableId::Upgrades, (120, 30));
    journey.only("sinya-varba").keys("l").sees("There is no more: the container failed");
    journey.keys("/").types("traceback").keys("enter").sees("match 1 of 1");
    assert!(journey.line("▸").contains("Traceback"));
    journey.keys("n").sees("no further match").keys("esc").lacks("match 1").sees("log of");
    journey.keys("/").types("no such words").sees("no line holds it").keys("esc esc");
    journey.lacks("log of");
    // A search that is left is as if it had not been typed.
    journey.keys("l /").types("loading").keys("enter");
    let matches = journey.status();
    journey.keys("/").types("error").keys("esc");
    assert!(journey.status().contains("/ loading"), "{} after {matches}", journey.status());
    let at = journey.line("▸");
    journey.keys("N");
    assert_ne!(journey.line("▸"), at);
}

#[test]
fn a_log_shows_the_run_before_and_copies() {
    let mut journey = before(TableId::Pods, (120, 30));
    journey.only("CrashLoopBackOff").keys("l P").sees("the run before, of pulse-banking");
    journey.sees("that run ended with Error (exit 1)").sees("loadCertificate");
    assert!(matches!(journey.log(), Some(LogSource::Pod { previous: true, .. })));
    journey.keys("Y");
    let copied = journey.effects();
    assert!(copied.iter().any(
        |e| matches!(e, Effect::Copy(text) if text.contains("loadCert") && text.lines().count() > 4)
    ));
    journey.keys("y");
    assert!(
        journey
            .effects()
            .iter()
            .any(|e| matches!(e, Effect::Copy(text) if text.lines().count() == 1))
    );
    journey.keys("P").lacks("the run before").keys("w").keys("right left t").sees("log of");
}

#[test]
fn a_row_of_several_logs_goes_from_one_to_the_next() {
    let mut journey = before(TableId::Services, (120, 30));
    journey.keys("l").sees("(1 of 2)");
    let first = journey.log();
    journey.keys("tab").sees("(2 of 2)");
    assert_ne!(journey.log(), first);
    journey.keys("l").sees("(1 of 2)");
    assert_eq!(journey.log(), first, "the one that is unwell comes first");
}

#[test]
fn rows_without_a_log_say_so() {
    let mut journey = before(TableId::Nodes, (120, 30));
    journey.keys("l").sees("This row has no log").lacks("log of");
    journey.show(TableId::Tenants).keys("l").sees("This row has no log");
    journey.show(TableId::Workloads).only("scaled").keys("l").sees("There is no pod of it");
}

#[test]
fn a_cut_in_a_log_is_marked_and_nothing_is_told_meanwhile() {
    let mut journey = before(TableId::Pods, (120, 30));
    journey.only("worker-odoo running namespace:plana-odoo-18").keys("l");
    journey.cut(FeedId::Log, TroubleKind::Unreachable).sees("cut off");
    let lines = journey.app.store.log().entries().len();
    journey.advance(8);
    assert_eq!(journey.app.store.log().entries().len(), lines);
    journey.fault(Fault::FeedUp(FeedId::Log)).advance(3);
    journey.sees("following").keys("pageup").sees("some lines may be missing");
    journey.keys("esc l").lacks("may be missing");
}

#[test]
fn help_and_palette_lie_over_a_log_and_another_pane_closes_it() {
    let mut journey = before(TableId::Pods, (120, 40));
    journey.keys("l ?").sees("in a log").sees("go to the next match").keys("esc").sees("log of");
    journey.keys(":").types("wrap").keys("enter").sees("log of").keys("2").lacks("log of");
    assert_eq!(journey.log(), None);
    journey.show(TableId::Pods).lacks("log of");
}

#[test]
fn looking_at_a_log_changes_nothing_in_the_world() {
    let mut looked = Journey::on("calm-night");
    let mut other = Journey::on("calm-night");
    looked.show(TableId::Pods).keys("l");
    for _ in 0..60 {
        looked.advance(5);
        other.advance(5);
    }
    looked.keys("esc");
    for feed in FeedId::ALL.into_iter().filter(|feed| feed.tells_objects()) {
        let objects = |journey: &Journey| -> Vec<_> {
            journey.engine.world().others(feed).cloned().collect()
        };
        assert!(objects(&looked) == objects(&other), "{feed}");
    }
}

#[test]
fn logs_read_the_same_in_steps_of_any_size() {
    let source = |journey: &Journey| journey.log();
    let open = || {
        let mut journey = before(TableId::Pods, (120, 30));
        journey.only("worker-odoo running namespace:plana-odoo-18").keys("l");
        journey
    };
    let (mut small, mut large) = (open(), open());
    assert_eq!(source(&small), source(&large));
    small.advance(12);
    for _ in 0..4 {
        let told = large.engine.advance(Span::from_ms(3_000));
        large.tell(told);
    }
    let lines = |journey: &Journey| -> Vec<_> {
        journey.app.store.log().entries().iter().cloned().collect()
    };
    assert_eq!(lines(&small), lines(&large));
}

#[test]
fn a_log_fits_every_screen() {
    let mut journey = before(TableId::Pods, (60, 15));
    journey.keys("l");
    for (width, height) in [(60, 15), (80, 24), (200, 60)] {
        journey.size(width, height);
        for keys in ["", "g g", "j", "pagedown", "pageup", "G", "w", "right", "w", "t", "k", "f"] {
            journey.keys(keys).sees("log of");
        }
        let rows = journey.screen().lines().count();
        assert_eq!(rows, usize::from(height));
    }
}
