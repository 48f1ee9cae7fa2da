//! Made-up facts of the platform's shape: pure functions of a number.

use std::sync::Arc;

use pulse_console::app::action;
use pulse_console::app::{App, Msg, ProfileDanger, Setting};
use pulse_console::domain::{
    ClientSpec, CloudEvent, Condition, Content, EnvironmentSpec, Fact, FeedId, Field, Kind, Meta,
    Observation, Payload, Reference, Resource, Spec, Status, StreamEntry, StreamId, Text,
    Timestamp, Uid, UpgradeSpec,
};
use pulse_console::input::{self, Keymap};
use pulse_console::store::StreamLimits;
use pulse_console::ui::theme::{self, ColorDepth, Theme};

/// The size of the screen.
pub const SCREEN: (u16, u16) = (160, 48);

/// The moment of everything.
pub const NOW: Timestamp = Timestamp::from_ms(1_795_255_200_000);

const WORDS: [&str; 12] = [
    "acme", "rila", "pirin", "vitosha", "danube", "sofia", "plovdiv", "varna", "burgas", "ruse",
    "sliven", "pernik",
];
const TIERS: [&str; 5] = ["starter", "starter", "starter", "pro", "enterprise"];

/// An empty console of [`SCREEN`].
pub fn app() -> App {
    let setting = Setting {
        profile: "bench".to_owned(),
        danger: ProfileDanger::Local,
        scenario: None,
        zone: chrono_tz::Europe::Sofia,
        themes: Vec::new(),
        read_only: true,
        audit: String::new(),
    };
    let own = |name: &str| input::builtin(name).map(ToOwned::to_owned);
    let text = input::builtin("default").expect("a key map of its own");
    let keymap =
        Keymap::parse("default", text, &own, &action::verbs()).expect("a good key map").keymap;
    let mut app = App::new(setting, StreamLimits::default(), Arc::new(keymap), "dark");
    app.update(NOW, Msg::Resize(SCREEN.0, SCREEN.1));
    app
}

/// The usual theme in all colours.
pub fn theme() -> Theme {
    let own = |name: &str| theme::builtin(name).map(ToOwned::to_owned);
    let text = theme::builtin("dark").expect("a theme of its own");
    Theme::parse("dark", text, &own, ColorDepth::TrueColor).expect("a good theme").0
}

/// A console that knows `count` tenants, settled.
pub fn app_of(count: usize) -> App {
    let mut app = app();
    listing(&mut app, FeedId::Clients, (0..count).map(|n| client(n, 0)));
    for feed in [FeedId::Environments, FeedId::Upgrades, FeedId::Templates, FeedId::Restores] {
        listing(&mut app, feed, std::iter::empty());
    }
    tell(&mut app, FeedId::Events, [Fact::RelistBegun, Fact::RelistEnded]);
    app.settle();
    app
}

/// Tells a complete listing.
pub fn listing(app: &mut App, feed: FeedId, objects: impl Iterator<Item = Arc<Resource>>) {
    tell(app, feed, [Fact::RelistBegun]);
    for object in objects {
        tell(app, feed, [Fact::Upsert(object.into())]);
    }
    tell(app, feed, [Fact::RelistEnded]);
}

/// Tells `facts` of `feed`.
pub fn tell(app: &mut App, feed: FeedId, facts: impl IntoIterator<Item = Fact>) {
    let told = facts.into_iter().map(|fact| Observation { feed, at: NOW, fact }).collect();
    app.update(NOW, Msg::Observed(told));
}

/// Presses the keys `text`.
pub fn press(app: &mut App, text: &str) {
    for chord in input::parse_keys(text).expect("keys") {
        app.update(NOW, Msg::Key(chord.event()));
        app.settle();
    }
}

/// The tenant with this number.
pub fn tenant(n: usize) -> String {
    let word = WORDS[n % WORDS.len()];
    if n < WORDS.len() { word.to_owned() } else { format!("{word}-{:05}", n / WORDS.len()) }
}

/// The client with this number in its `version`; of forty, five are not well, and each version moves them.
pub fn client(n: usize, version: usize) -> Arc<Resource> {
    let name = tenant(n);
    let health = match (n + version) % 40 {
        7 => (Status::False, "Creating"),
        11 | 13 => (Status::False, "Unavailable"),
        19 => (Status::Unknown, "Pending"),
        _ => (Status::True, "Available"),
    };
    let composed =
        ["Database", "PersistentVolumeClaim", "HTTPRoute", "CronJob", "Job", "Job"].map(|kind| {
            Reference {
                kind: kind.into(),
                name: format!("{name}-{kind}").into(),
                api_version: "v1".into(),
                namespace: Some("crossplane-system".into()),
            }
        });
    let spec = Spec::Client(ClientSpec {
        subdomain: name.as_str().into(),
        project: i64::try_from(n).ok(),
        tier: TIERS[n % TIERS.len()].into(),
        odoo_version: if n % 6 == 5 { "19" } else { "18" }.into(),
        owner_email: format!("owner@{name}.example.bg").into(),
        owner_name: format!("{name} OOD").into(),
    });
    object(Kind::Client, n, version, (name, health, Box::new(composed), spec))
}

/// The environment with this number, of tenant `n / 3`.
pub fn environment(n: usize) -> Arc<Resource> {
    let of = tenant(n / 3);
    let field = |path: &str, value: &str| Field { path: path.into(), value: value.into() };
    let spec = Spec::Environment(EnvironmentSpec {
        tenant: Some(of.as_str().into()),
        fields: Box::new([field("type", "staging"), field("odooVersion", "18")]),
    });
    let name = format!("{of}-staging-{n}");
    object(Kind::Environment, n, 0, (name, (Status::True, "Available"), Box::default(), spec))
}

/// The upgrade with this number, of tenant `n`.
pub fn upgrade(n: usize) -> Arc<Resource> {
    let of = tenant(n);
    let spec = Spec::Upgrade(UpgradeSpec {
        tenant: of.as_str().into(),
        from: "18".into(),
        to: "19".into(),
        strategy: "snapshot-then-upgrade".into(),
        modules: "all".into(),
    });
    let name = format!("{of}-2026-11-21");
    object(Kind::Upgrade, n, 0, (name, (Status::False, "Creating"), Box::default(), spec))
}

type Body = (String, (Status, &'static str), Box<[Reference]>, Spec);

fn object(kind: Kind, n: usize, version: usize, body: Body) -> Arc<Resource> {
    let (name, (status, reason), composed, spec) = body;
    let since = Some(NOW.before(pulse_console::domain::Span::from_secs(60 + n as u64 % 86_400)));
    let condition = |name: &str, status, reason: &str| Condition {
        name: name.into(),
        status,
        reason: reason.into(),
        message: Text::default(),
        since,
    };
    let conditions = Box::new([
        condition("Synced", Status::True, "ReconcileSuccess"),
        condition("Ready", status, reason),
    ]);
    let uid = Uid(format!("5eed{:04x}-0000-4000-8000-{n:012x}", kind as usize).into());
    let version = format!("{}", 1000 + version).into();
    let meta = Meta { version, created: since, ..Meta::named(name, uid) };
    Arc::new(Resource { meta, conditions, composed, spec })
}

/// The entry of the stream with this number, a millisecond after the one before, about one of `tenants`.
pub fn entry(n: usize, tenants: usize) -> Arc<StreamEntry> {
    let subject = tenant(n * 7 % tenants.max(1));
    let data = format!(r#"{{"step":"database","message":"pool of {subject} is at {n} of 100"}}"#);
    let event = CloudEvent {
        id: format!("evt-{n:016x}").into(),
        kind: ["agent.report.created", "subscription.changed", "client.provisioned"][n % 3].into(),
        source: "//plana-pulse/crossplane/planaclient".into(),
        subject: subject.as_str().into(),
        time: Some(NOW),
        summary: data.as_str().into(),
    };
    let raw = format!(
        r#"{{"specversion":"1.0","id":"{}","type":"{}","source":"{}","subject":"{subject}","time":"2026-11-21T10:00:00Z","data":{data}}}"#,
        event.id, event.kind, event.source
    );
    Arc::new(StreamEntry {
        id: StreamId { ms: NOW.ms().unsigned_abs() + n as u64, seq: 0 },
        bytes: raw.len() as u64,
        content: Content::Event(event),
        raw: Payload::new(&raw),
    })
}
