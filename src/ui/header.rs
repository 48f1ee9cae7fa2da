//! The two lines at the top: where we are, what time it is, how fresh everything is; and the panes.

use chrono::Timelike;
use ratatui::layout::Rect;

use super::paint::{Paint, cells};
use super::rows::{health_role, severity_role, severity_sign};
use super::theme::Role;
use crate::app::geometry::Geometry;
use crate::app::pages::freshness_health;
use crate::app::panes::PANES;
use crate::app::{App, ProfileDanger};
use crate::domain::{AlertStanding, FeedId, Severity, Span, System, TroubleKind};
use crate::session::Standing;
use crate::store::{FeedState, Freshness, feeds_judging};

pub(super) fn draw(app: &App, geometry: &Geometry, paint: &mut Paint<'_>) {
    line(app, geometry.header, paint);
    bar(app, geometry, paint);
}

/// From left to right: the console, the profile in the colour of its danger, who is there and as what, the scenario;
/// at the right edge the alerts and the clocks. Where there is no room for all of it, the scenario gives way first,
/// then the second clock, the time that is left while there is plenty, and the end of a long name.
pub(super) fn line(app: &App, line: Rect, paint: &mut Paint<'_>) {
    let danger = match app.setting.danger {
        ProfileDanger::Production => Role::HeaderProduction,
        ProfileDanger::Staging => Role::HeaderStaging,
        ProfileDanger::Local => Role::HeaderLocal,
        ProfileDanger::Training => Role::HeaderTraining,
    };
    paint.fill(line, Role::Header);
    let signs = if app.presence.is_open() { signs(app) } else { Vec::new() };
    let wide: u16 = signs.iter().map(|(text, _)| cells(text) + 1).sum();
    let profile = match app.setting.danger {
        ProfileDanger::Training => " DEMO ".to_owned(),
        _ => format!(" {} ", app.setting.profile),
    };
    let around = cells("pulse ") + cells(&profile) + wide + 4;
    let (who, clocks) = fitting(app, line.width.saturating_sub(around));
    let room = line.width.saturating_sub(cells(&clocks) + wide + 3);
    let mut x = 1 + paint.text(1, line.y, room, "pulse ", Role::Title);
    x += paint.text(x, line.y, room.saturating_sub(x), &profile, danger) + 1;
    for (text, role) in &who {
        x += paint.text(x, line.y, room.saturating_sub(x), text, *role) + 1;
    }
    x += u16::from(!who.is_empty());
    if let Some(scenario) = &app.setting.scenario {
        paint.text(x, line.y, room.saturating_sub(x), scenario, Role::Muted);
    }
    paint.right(line.x, line.y, line.width.saturating_sub(1), &clocks, Role::Header);
    let mut x = line.right().saturating_sub(cells(&clocks) + wide + 2);
    for (text, role) in &signs {
        x += paint.text(x, line.y, wide, text, *role) + 1;
    }
}

/// What wants somebody: plans that wait for their approval, and alerts.
fn signs(app: &App) -> Vec<(String, Role)> {
    let waiting = match app.approvals() {
        0 => None,
        count => Some((format!("▲{count} to approve"), Role::NoticeWarn)),
    };
    waiting.into_iter().chain(alerts(app)).collect()
}

/// The alerts that nobody looks after, by severity; none where there is no Alertmanager.
fn alerts(app: &App) -> Vec<(String, Role)> {
    let state = app.store.feeds().get(FeedId::Alerts);
    if is_quiet(state) {
        return Vec::new();
    }
    if !matches!(state.freshness, Freshness::Live(_)) || state.freshness.is_old(app.now()) {
        return vec![("? alerts".to_owned(), Role::Muted)];
    }
    let counts = app.store.causes().counts();
    let shown = [Severity::Critical, Severity::High, Severity::Normal, Severity::Unknown];
    let signs: Vec<(String, Role)> = shown
        .into_iter()
        .filter_map(|severity| {
            let count = counts.get(&(AlertStanding::Firing, severity))?;
            let text = format!("{}{count}", severity_sign(severity));
            Some((text, severity_role(severity)))
        })
        .collect();
    if signs.is_empty() { vec![("● no alerts".to_owned(), Role::HealthHealthy)] } else { signs }
}

/// The most cells of a name where there is room, and where there is not.
const NAME: [u16; 2] = [24, 10];

/// Who is there and the clocks, as much of both as fits in `room` cells.
fn fitting(app: &App, room: u16) -> (Vec<(String, Role)>, String) {
    let clocks = clocks(app);
    let (utc, _) = clocks.split_once("  ").unwrap_or((&clocks, ""));
    let tries = [
        (who(app, NAME[0], true), clocks.as_str()),
        (who(app, NAME[0], true), utc),
        (who(app, NAME[0], false), utc),
        (who(app, NAME[1], false), utc),
        (who(app, NAME[1], false), utc.get(..5).unwrap_or_default()),
    ];
    let fits = |(who, clocks): &(Vec<(String, Role)>, &str)| {
        who.iter().map(|(text, _)| cells(text) + 1).sum::<u16>() + cells(clocks) <= room
    };
    let last = tries.len() - 1;
    let chosen = tries.into_iter().enumerate().find(|(n, shown)| *n == last || fits(shown));
    chosen.map_or_else(Default::default, |(_, (who, clocks))| (who, clocks.to_owned()))
}

/// Below this much time left of a session it is always said.
const SOON: Span = Span::from_secs(600);

/// Who is there, as what, how long they are still signed in, and whether anything may be changed.
fn who(app: &App, name: u16, left: bool) -> Vec<(String, Role)> {
    let mut parts = Vec::new();
    if !app.presence.is_open() {
        return parts;
    }
    if let Some(staff) = app.presence.staff() {
        parts.push((cut(staff.person.user.as_str(), name), Role::Title));
    }
    parts.push((app.presence.role().to_string(), Role::Header));
    if let Some(time) = app.presence.left(app.now()) {
        let soon = time < SOON;
        if left || soon {
            let role = if soon { Role::NoticeError } else { Role::Muted };
            parts.push((time.to_string(), role));
        }
    }
    if app.setting.read_only {
        parts.push(("read-only".to_owned(), Role::NoticeWarn));
    }
    parts
}

/// `text` in at most `most` cells.
fn cut(text: &str, most: u16) -> String {
    if cells(text) <= most {
        return text.to_owned();
    }
    let mut cut = String::new();
    for c in text.chars() {
        let mut more = cut.clone();
        more.push(c);
        if cells(&more) >= most {
            break;
        }
        cut = more;
    }
    cut.push('…');
    cut
}

/// The line that never goes away while the console is open without the provider.
pub(super) fn glass(app: &App, line: Rect, paint: &mut Paint<'_>) {
    let Standing::BreakGlass { reason, since, .. } = app.presence.standing() else { return };
    paint.fill(line, Role::HeaderProduction);
    let since = since.utc();
    let lead = format!("BREAK-GLASS since {:02}:{:02} UTC: ", since.hour(), since.minute());
    let room = line.width.saturating_sub(cells(&lead) + 2);
    let tail = [" — everything is recorded and announced", " — recorded, announced", ""];
    // The reason is what colleagues need; the warning is shortened for it.
    let fits = |tail: &&&str| tail.is_empty() || cells(reason.as_str()) + cells(tail) <= room;
    let tail = tail.iter().find(fits).copied().unwrap_or_default();
    let text = format!("{lead}{reason}{tail}");
    paint.text(line.x + 1, line.y, line.width.saturating_sub(2), &text, Role::HeaderProduction);
}

fn clocks(app: &App) -> String {
    let utc = app.now().utc();
    let local = utc.with_timezone(&app.setting.zone);
    let city = app.setting.zone.name().rsplit('/').next().unwrap_or_default().replace('_', " ");
    format!(
        "{:02}:{:02}:{:02} UTC  {:02}:{:02} {city}",
        utc.hour(),
        utc.minute(),
        utc.second(),
        local.hour(),
        local.minute()
    )
}

fn bar(app: &App, geometry: &Geometry, paint: &mut Paint<'_>) {
    paint.fill(geometry.bar, Role::Pane);
    let mut edge = 0;
    for (number, place) in &geometry.tabs {
        let Some(pane) = PANES.get(*number) else { continue };
        let active = pane.tables.contains(&app.screen.pane);
        let role = if active { Role::PaneActive } else { Role::Pane };
        let digit = pane.digit.map(|digit| format!("{digit} ")).unwrap_or_default();
        let text = format!(" {digit}{}", pane.name);
        let text = if cells(&text) > place.width { format!(" {digit}") } else { text };
        if active {
            paint.fill(*place, role);
        }
        paint.text(place.x, place.y, place.width, &text, role);
        if !active {
            paint.text(place.x + 1, place.y, 1, digit.trim(), Role::Key);
        }
        edge = place.right();
    }
    feeds(
        app,
        Rect { x: edge + 1, width: geometry.bar.width.saturating_sub(edge + 2), ..geometry.bar },
        paint,
    );
}

/// A sign and a word for the freshness of each system, the worst of its feeds; a shorter word where there is less
/// room, and only a count of feeds where there is none.
fn feeds(app: &App, place: Rect, paint: &mut Paint<'_>) {
    let systems: Vec<_> = System::ALL
        .into_iter()
        .filter_map(|system| Some((system, system_sign(app, system)?)))
        .collect();
    for (name, gap) in [(System::name as fn(System) -> &'static str, 2), (System::short_name, 1)] {
        let signs: Vec<(String, Role)> = systems
            .iter()
            .map(|(system, (sign, role))| (format!("{sign} {}", name(*system)), *role))
            .collect();
        if signs_fit(paint, place, &signs, gap) {
            return;
        }
    }
    // With less room those that are well are only counted.
    let is_well = |(_, (_, role)): &&(System, (&str, Role))| *role == Role::HealthHealthy;
    let well = systems.iter().filter(is_well).count();
    let mut signs: Vec<(String, Role)> = systems
        .iter()
        .filter(|system| !is_well(system))
        .map(|(system, (sign, role))| (format!("{sign} {}", system.short_name()), *role))
        .collect();
    if !signs.is_empty() {
        signs.push((format!("● {well} more"), Role::HealthHealthy));
        if signs_fit(paint, place, &signs, 1) {
            return;
        }
    }
    let live = app
        .store
        .feeds()
        .iter()
        .filter(|(_, state)| {
            matches!(state.freshness, Freshness::Live(_)) && !state.freshness.is_old(app.now())
        })
        .count();
    let all = app.store.feeds().iter().filter(|(_, state)| !is_quiet(state)).count();
    let (sign, role) =
        if live == all { ("●", Role::HealthHealthy) } else { ("▲", Role::HealthDegraded) };
    let text = format!("{sign} {live} of {all} feeds live");
    let text = if cells(&text) <= place.width { text } else { format!("{sign} {live}/{all}") };
    paint.right(place.x, place.y, place.width, &text, role);
}

/// Writes `signs` at the right, with such a gap between them, where there is room for all of them; says whether there was.
fn signs_fit(paint: &mut Paint<'_>, place: Rect, signs: &[(String, Role)], gap: u16) -> bool {
    let width: u16 = signs.iter().map(|(text, _)| cells(text) + gap).sum();
    if width > place.width + gap {
        return false;
    }
    let mut x = (place.right() + gap).saturating_sub(width);
    for (text, role) in signs {
        paint.text(x, place.y, width, text, *role);
        x += cells(text) + gap;
    }
    true
}

/// Whether nothing is to be expected of a feed: its server is not set, or does not have such things.
fn is_quiet(state: &FeedState) -> bool {
    state
        .freshness
        .trouble()
        .is_some_and(|why| matches!(why.kind, TroubleKind::NotConfigured | TroubleKind::Absent))
}

/// The sign and the role of the feed of `system` that is worst off; none when nothing is to be expected of it.
fn system_sign(app: &App, system: System) -> Option<(&'static str, Role)> {
    let (sign, health) = app
        .store
        .feeds()
        .iter()
        .filter(|(feed, state)| feed.system() == system && !is_quiet(state))
        .filter_map(|(_, state)| {
            let (sign, health) = freshness_health(app, &state.freshness);
            Some((sign, health?))
        })
        .min_by_key(|(_, health)| *health)?;
    Some((sign, health_role(health)))
}

/// Whether what the pane shows may no longer be true, or is only a part.
pub(super) fn pane_is_old(app: &App) -> bool {
    feeds_judging(app.screen.pane).iter().any(|feed| {
        let freshness = &app.store.feeds().get(*feed).freshness;
        let cut = match freshness {
            Freshness::Down(why) => !matches!(
                why.kind,
                TroubleKind::Denied | TroubleKind::Absent | TroubleKind::NotConfigured
            ),
            Freshness::Syncing(_) | Freshness::Live(_) | Freshness::Stale(..) => false,
        };
        cut || freshness.is_old(app.now())
    })
}
