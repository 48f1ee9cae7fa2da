//! The drawer: the details of the row under the cursor.

use ratatui::layout::Rect;

use super::paint::Paint;
use super::rows::{age, health_role};
use super::theme::Role;
use crate::app::App;
use crate::app::detail::{DetailLine, LABELS, Piece, Tone};
use crate::domain::sla::{SlaState, Standing};

pub(super) fn draw(app: &App, place: Rect, paint: &mut Paint<'_>) {
    let drawer = &app.pane().drawer;
    let title = drawer.detail.as_ref().map_or("details", |detail| detail.title.as_str());
    let border = if drawer.focused { Role::BorderFocused } else { Role::Border };
    paint.frame(place, title, (border, Role::Screen));
    let inner = Rect::new(
        place.x + 2,
        place.y + 1,
        place.width.saturating_sub(4),
        place.height.saturating_sub(2),
    );
    let Some(detail) = &drawer.detail else {
        let text = if app.pane().cursor.lost {
            "The row that was here is gone. Move to choose another."
        } else {
            "There is no row to show."
        };
        paint.text(inner.x, inner.y, inner.width, text, Role::Muted);
        return;
    };
    let lines = detail.lines.iter().skip(drawer.top);
    for (y, line) in (inner.top()..inner.bottom()).zip(lines) {
        draw_line(app, line, Rect { y, height: 1, ..inner }, paint);
    }
    let all = detail.lines.len();
    let seen = drawer.top + usize::from(inner.height);
    if all > usize::from(inner.height) {
        let text = format!(" {}–{} of {all} ", drawer.top + 1, seen.min(all));
        let y = place.bottom().saturating_sub(1);
        paint.right(place.x, y, place.width.saturating_sub(2), &text, border);
    }
}

/// Draws one line of details.
pub(super) fn draw_line(app: &App, line: &DetailLine, place: Rect, paint: &mut Paint<'_>) {
    let mut x = place.x;
    if !line.label.is_empty() {
        paint.text(x, place.y, LABELS, line.label, Role::Muted);
        x += LABELS;
    }
    for piece in &line.pieces {
        let room = place.right().saturating_sub(x);
        x += match piece {
            Piece::Text(tone, text) => paint.text(x, place.y, room, text.as_str(), role(*tone)),
            Piece::Age(at) => {
                let age = age(*at, app.now());
                let text = if age.starts_with("in ") { age } else { format!("{age} ago") };
                let used = paint.text(x, place.y, room, &text, Role::Text);
                let exact = format!("  {}", app.setting.moment(*at));
                used + paint.text(x + used, place.y, room.saturating_sub(used), &exact, Role::Muted)
            }
            Piece::Clock(at) => {
                let text = format!("{}  ", app.setting.moment(*at));
                paint.text(x, place.y, room, &text, Role::Muted)
            }
            Piece::Promise(clock) => {
                let state = clock.state(app.now());
                let (text, role) = promise(state);
                paint.text(x, place.y, room, &text, role)
            }
        };
    }
}

/// Where a promise stands, in words.
fn promise(state: SlaState) -> (String, Role) {
    let pause = if state.running { "" } else { " · paused: outside business hours" };
    match state.standing {
        Standing::Left(left) if left.secs() < 900 => {
            (format!("▲ {left} left{pause}"), Role::HealthDegraded)
        }
        Standing::Left(left) => (format!("{left} left{pause}"), Role::Text),
        Standing::Over(over) => (format!("✗ {over} over{pause}"), Role::HealthFailed),
    }
}

const fn role(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Text,
        Tone::Muted => Role::Muted,
        Tone::Heading => Role::Title,
        Tone::Health(health) => health_role(health),
        Tone::Gap => Role::Gap,
        Tone::Key => Role::Key,
        Tone::Warning => Role::NoticeWarn,
        Tone::Error => Role::NoticeError,
        Tone::JsonKey => Role::JsonKey,
        Tone::JsonString => Role::JsonString,
        Tone::JsonNumber => Role::JsonNumber,
        Tone::JsonLiteral => Role::JsonLiteral,
    }
}
