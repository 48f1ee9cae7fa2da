//! A walk through everything that a console can be asked to do.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use pulse_console::app::Msg;
use pulse_console::app::action::{self, ActionSpec, REGISTRY};
use pulse_console::app::overlay::Overlay;
use pulse_console::app::panes::{PANES, pane_of};
use pulse_console::domain::operation::{Asks, Command, Entry, Record, Verb};
use pulse_console::domain::{Span, Timestamp};
use pulse_console::input::{self, Context, Keymap};
use pulse_console::sim::Scenario;
use pulse_console::store::table::TableId;

use crate::console::Console;
use crate::operated::{KEPT, SCENARIO};
use crate::plans::{harm, record};

/// More answers than any action asks for.
const ANSWERS: usize = 24;

/// A walk through everything.
pub(crate) struct Walk {
    pub(crate) console: Console,
    /// The actions that were tried.
    pub(crate) tried: BTreeSet<&'static str>,
}

/// What lies over the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Over {
    Nothing,
    Drawer,
    Card,
    Run,
}

/// Where the walk stands: in a table, so many rows down.
#[derive(Clone, Copy, Debug)]
struct Spot {
    table: TableId,
    row: usize,
    over: Over,
}

impl Walk {
    /// Before a small world in which everything can be done.
    pub(crate) fn new() -> Self {
        let scenario = Scenario::parse("operated", SCENARIO).expect("a scenario");
        let mut console = Console::of(&scenario, "", false);
        console.sim.with(|engine| engine.make_database(KEPT));
        // One pool is paused, so that one can go on.
        console.does(&Command::PausePool { database: "gama.planapulse.app".into() });
        console.send(Msg::Keymap(everything_bound()));
        console.pass(Span::from_secs(5));
        let at = console.app.now();
        for (id, asks, entries) in left(at) {
            let mut plan = harm(at, asks);
            (plan.id, plan.no_return) = (id.into(), Some(2));
            console.writes(&plan, &entries);
        }
        Self { console, tried: BTreeSet::new() }
    }

    /// Tries every action wherever it means something.
    pub(crate) fn everywhere(&mut self) {
        for table in TableId::ALL {
            let rows = self.console.app.store.with_table(table, |table| table.len());
            // Of operations each stands otherwise; of others two rows stand for all.
            let most = if table == TableId::Operations { 4 } else { 2 };
            for row in 0..rows.clamp(1, most) {
                self.at(Spot { table, row, over: Over::Nothing });
                if table == TableId::Operations {
                    self.at(Spot { table, row, over: Over::Run });
                }
            }
            self.at(Spot { table, row: 0, over: Over::Drawer });
        }
        self.at(Spot { table: TableId::Tenants, row: 0, over: Over::Card });
    }

    /// Takes a backup of a tenant, and waits for its end.
    pub(crate) fn takes_a_backup(&mut self) {
        self.stand(Spot { table: TableId::Tenants, row: 0, over: Over::Nothing });
        let backup = action::spec("operate.backup").expect("an action");
        self.console.press(&keys(backup));
        self.answer();
        self.console.waits_for("see that the insurance backup is in the bucket (");
    }

    fn at(&mut self, spot: Spot) {
        self.stand(spot);
        let contexts = self.console.app.contexts();
        for spec in REGISTRY {
            if spec.verb.contexts.iter().any(|context| contexts.contains(context)) {
                self.stand(spot);
                self.tries(spec);
            }
        }
    }

    /// Does what `spec` does, and answers what it asks; of a list everything.
    fn tries(&mut self, spec: &'static ActionSpec) {
        self.tried.insert(spec.verb.id);
        self.console.press(&keys(spec));
        let items = match self.console.app.overlay() {
            Some(Overlay::Menu(menu)) => menu.items.len(),
            _ => return self.answer(),
        };
        for item in 0..items {
            self.console.press("esc").press(&keys(spec));
            for _ in 0..item {
                self.console.press("down");
            }
            self.console.press("enter");
            self.answer();
            while self.console.app.overlay().is_some() && item + 1 < items {
                self.console.press("esc");
            }
        }
    }

    /// Stands there, with nothing half done.
    fn stand(&mut self, spot: Spot) {
        let app = &self.console.app;
        let stays = app.is_at_rest() && app.screen.pane == spot.table && spot.over == Over::Nothing;
        if !(stays && app.pane().cursor.position == spot.row && !app.pane().drawer.open) {
            self.go_to(spot.table);
            self.console.press("g g");
            for _ in 0..spot.row {
                self.console.press("j");
            }
        }
        let over = match spot.over {
            Over::Nothing => return,
            Over::Drawer => "drawer.focus",
            Over::Card => "tenant.card",
            Over::Run => "operation.open",
        };
        self.console.press(&keys(action::spec(over).expect("an action")));
    }

    fn go_to(&mut self, table: TableId) {
        for _ in 0..8 {
            self.console.press("esc");
        }
        let name = PANES[pane_of(table)].name;
        let pane = action::spec(&format!("pane.{name}")).expect("an action");
        let next = action::spec("view.next").expect("an action");
        let mut tries = 0;
        while self.console.app.screen.pane != table {
            let on_pane = pane_of(self.console.app.screen.pane) == pane_of(table);
            self.console.press(&keys(if on_pane { next } else { pane }));
            tries += 1;
            assert!(tries < 20, "{table:?} is not to be reached:\n{}", self.console.screen());
        }
    }

    /// Answers whatever is asked, until nothing is.
    fn answer(&mut self) {
        for _ in 0..ANSWERS {
            match self.console.app.overlay() {
                Some(Overlay::Form(form)) if form.wrong.is_some() => return,
                Some(Overlay::Form(form)) if form.waits.is_some() => {
                    self.console.pass(Span::from_ms(100));
                }
                Some(Overlay::Form(form)) => {
                    let field = form.current().expect("a field");
                    let (verb, name, empty) =
                        (form.verb, field.field.name, field.text().is_empty());
                    // Another version than the tenants have.
                    if verb == Verb::UpgradeCross && name == "version" {
                        self.console.press("right");
                    }
                    let text = if empty { sample(verb, name) } else { "" };
                    self.console.types(text).press("enter");
                }
                Some(overlay @ (Overlay::Plan(_) | Overlay::Run(_))) if overlay.asks() => {
                    let armed = !matches!(overlay, Overlay::Plan(page) if !page.is_armed());
                    let text = overlay.typed().map(|typed| {
                        let empty = typed.line().text().is_empty();
                        let word = typed.wanted().filter(|_| !typed.at_reason);
                        let text = word.map_or("a test", |word| word.as_str()).to_owned();
                        if empty { text } else { String::new() }
                    });
                    if !armed {
                        return;
                    }
                    self.console.rest();
                    match text {
                        Some(text) => self.console.types(&text).press("enter"),
                        None => self.console.press("y"),
                    };
                }
                _ => return,
            }
        }
    }
}

/// Operations of a colleague that a console finds: each stands otherwise.
fn left(at: Timestamp) -> [(&'static str, Asks, Vec<Record>); 4] {
    let entries =
        |entries: Vec<Entry>| entries.into_iter().map(|entry| record(at, entry)).collect();
    let confirmed = || Entry::Confirmed { reason: "they left".into(), stepped_up: true };
    let done = |step| [Entry::Began { step }, Entry::Done { step, saw: "so".into() }];
    let stopped = Entry::Stopped { step: 0, why: "no rights".into() };
    let running = vec![confirmed(), Entry::Taken, Entry::Began { step: 0 }];
    let all = [vec![confirmed(), Entry::Taken], (0..3).flat_map(done).collect()].concat();
    [
        ("stopped1", Asks::Typed, entries([running.clone(), vec![stopped]].concat())),
        ("waiting1", Asks::SecondPerson, entries(vec![confirmed()])),
        ("running1", Asks::Typed, entries(running)),
        ("done1", Asks::Yes, entries(all)),
    ]
}

/// What is typed into a field.
fn sample(verb: Verb, field: &str) -> &'static str {
    match field {
        "tenant" if verb == Verb::Provision => "nova",
        "tenant" => "acme",
        "project" | "pid" => "61001",
        "owner-email" => "office@nova.example",
        "database" => KEPT,
        "began" => "2026-11-21T09:00:00Z",
        "matchers" => "alertname=Watchdog",
        "silence" => "silence-0",
        "alert" => "Watchdog",
        _ => "anything",
    }
}

/// The keys that `spec` has here, whatever else it is bound to.
fn keys(spec: &ActionSpec) -> String {
    let at = REGISTRY.iter().position(|other| other.verb.id == spec.verb.id).expect("a row");
    let letter = |number: usize| char::from(b'a' + u8::try_from(number % 26).expect("a letter"));
    format!("f12 {} {}", letter(at / 26), letter(at))
}

/// The default keys, and keys for every action wherever it may have some.
fn everything_bound() -> Arc<Keymap> {
    let mut text = "inherits = \"default\"\n".to_owned();
    for context in Context::ALL {
        let _ = write!(text, "[{}]\nkeys = [\n", context.name());
        for spec in REGISTRY.iter().filter(|spec| spec.verb.contexts.contains(&context)) {
            let _ = writeln!(text, "  {{ on = \"{}\", run = \"{}\" }},", keys(spec), spec.verb.id);
        }
        text.push_str("]\n");
    }
    let base = |name: &str| input::builtin(name).map(ToOwned::to_owned);
    let parsed = Keymap::parse("everything", &text, &base, &action::verbs());
    Arc::new(parsed.expect("a key map that loads").keymap)
}
