//! What is laid over the pane: palette, help, feeds, notices, choice of columns.

use ratatui::layout::Rect;

use super::drawer::draw_line;
use super::operate;
use super::paint::{Paint, cells};
use super::theme::Role;
use crate::app::detail::card::{BETWEEN, Card};
use crate::app::geometry::Geometry;
use crate::app::overlay::Overlay;
use crate::app::palette::{Palette, Target};
use crate::app::{App, action, pages};
use crate::store::columns;

/// What stands before what is typed into the palette.
const PROMPT: &str = ": ";

pub(super) fn draw(app: &App, geometry: &Geometry, overlay: &Overlay, paint: &mut Paint<'_>) {
    let Some(place) = geometry.overlay else { return };
    let title = match overlay {
        Overlay::Palette(_) => "palette",
        Overlay::Help { .. } => "keys that work here",
        Overlay::Feeds { .. } => "feeds",
        Overlay::Notices { .. } => "notices",
        Overlay::Rights { .. } => "what you may do here",
        Overlay::Card(card) => card.tenant.as_str(),
        Overlay::Columns { .. } => "columns",
        Overlay::Menu(menu) => menu.subject.as_str(),
        Overlay::Form(form) => form.verb.what(),
        Overlay::Plan(page) => page.plan.verb.word(),
        Overlay::Run(page) => page.plan.title.as_str(),
        Overlay::Leaving { .. } => "operations go on here",
    };
    paint.frame(place, title, (Role::BorderFocused, Role::Dialog));
    let inner = Rect::new(
        place.x + 2,
        place.y + 1,
        place.width.saturating_sub(4 + geometry.beside),
        place.height.saturating_sub(2),
    );
    match overlay {
        Overlay::Palette(palette) => draw_palette(app, palette, inner, paint),
        Overlay::Help { top }
        | Overlay::Feeds { top }
        | Overlay::Notices { top }
        | Overlay::Rights { top } => {
            draw_page(app, overlay, *top, inner, paint);
        }
        Overlay::Card(card) => draw_card(app, card, inner, paint),
        Overlay::Columns { chosen } => draw_columns(app, *chosen, inner, paint),
        Overlay::Menu(menu) => operate::menu(app, menu, inner, paint),
        Overlay::Form(form) => operate::form(app, form, inner, paint),
        Overlay::Plan(_) | Overlay::Run(_) | Overlay::Leaving { .. } => {
            let foot = operate::foot(app, overlay, inner, paint);
            let page = Rect { height: inner.height.saturating_sub(foot), ..inner };
            let top = match overlay {
                Overlay::Plan(page) => page.top,
                Overlay::Run(page) => page.top,
                _ => 0,
            };
            draw_page(app, overlay, top, page, paint);
        }
    }
}

/// Where the terminal's cursor stands while something is typed.
pub(super) fn cursor(
    app: &App,
    geometry: &Geometry,
    overlay: &Overlay,
    place: Rect,
) -> Option<(u16, u16)> {
    let Overlay::Palette(palette) = overlay else {
        return operate::cursor(app, geometry, overlay, place);
    };
    let before: String = palette.line.text().chars().take(palette.line.cursor()).collect();
    let x = place.x + 2 + cells(PROMPT) + cells(&before);
    Some((x.min(place.right().saturating_sub(2)), place.y + 1))
}

/// The first row of a list to show so that the chosen one is in sight.
pub(super) fn scrolled(chosen: usize, lines: u16) -> usize {
    (chosen + 1).saturating_sub(usize::from(lines))
}

fn draw_palette(app: &App, palette: &Palette, place: Rect, paint: &mut Paint<'_>) {
    let used = paint.text(place.x, place.y, place.width, PROMPT, Role::Key);
    paint.text(place.x + used, place.y, place.width - used, palette.line.text(), Role::Input);
    let list = Rect { y: place.y + 2, height: place.height.saturating_sub(2), ..place };
    if palette.choices.is_empty() {
        paint.text(list.x, list.y, list.width, "Nothing matches.", Role::Muted);
    }
    let contexts = app.pane().filter.typing.is_none().then(|| app.keymap());
    let top = scrolled(palette.chosen, list.height);
    for (y, (n, choice)) in
        (list.top()..list.bottom()).zip(palette.choices.iter().enumerate().skip(top))
    {
        let line = Rect { y, height: 1, ..list };
        let aside = match &choice.target {
            Target::Tenant(_) => "tenant".to_owned(),
            Target::Action(id) => contexts
                .map(|keymap| keymap.keys_for(id, &crate::input::Context::ALL).join(" "))
                .unwrap_or_default(),
        };
        let label = choice.label.as_str();
        if let Some(refusal) = refusal(app, &choice.target) {
            let used = paint.text(line.x, y, line.width, label, Role::Muted) + 2;
            paint.text(line.x + used, y, line.width.saturating_sub(used), &refusal, Role::Muted);
        } else {
            paint.text(line.x, y, line.width.saturating_sub(16), label, Role::Text);
            paint.right(line.x, y, line.width, &aside, Role::Key);
        }
        if n == palette.chosen {
            paint.lay(line, Role::Cursor);
        }
    }
}

/// Why what a choice leads to may not be done now; none when it may.
fn refusal(app: &App, target: &Target) -> Option<String> {
    let Target::Action(id) = target else { return None };
    app.refusal(action::spec(id)?)
}

/// A page that scrolls.
fn draw_page(app: &App, overlay: &Overlay, top: usize, place: Rect, paint: &mut Paint<'_>) {
    let lines = pages::lines(app, overlay, usize::from(place.width));
    for (y, line) in (place.top()..place.bottom()).zip(lines.iter().skip(top)) {
        draw_line(app, line, Rect { y, height: 1, ..place }, paint);
    }
    let seen = top + usize::from(place.height);
    if lines.len() > usize::from(place.height) {
        let text = format!(" {}–{} of {} ", top + 1, seen.min(lines.len()), lines.len());
        paint.right(place.x, place.bottom(), place.width, &text, Role::BorderFocused);
    }
}

/// The tenant card, in one column or two.
fn draw_card(app: &App, card: &Card, place: Rect, paint: &mut Paint<'_>) {
    let columns = u16::try_from(card.columns().len()).unwrap_or(1).max(1);
    let between = u16::try_from(BETWEEN).unwrap_or_default();
    let width = (place.width + between) / columns - between * u16::from(columns > 1);
    for (number, lines) in (0..).zip(card.columns()) {
        let x = place.x + number * (width + between);
        for (y, line) in (place.top()..place.bottom()).zip(lines.iter().skip(card.top)) {
            draw_line(app, line, Rect { x, y, height: 1, width }, paint);
        }
    }
    let (seen, all) = (card.top + usize::from(place.height), card.len());
    if all > usize::from(place.height) {
        let text = format!(" {}–{} of {all} ", card.top + 1, seen.min(all));
        paint.right(place.x, place.bottom(), place.width, &text, Role::BorderFocused);
    }
}

fn draw_columns(app: &App, chosen: usize, place: Rect, paint: &mut Paint<'_>) {
    let pane = app.pane();
    let top = scrolled(chosen, place.height);
    let all = columns(pane.table).iter().zip(&pane.columns.shown).enumerate().skip(top);
    for (y, (n, (column, shown))) in (place.top()..place.bottom()).zip(all) {
        let line = Rect { y, height: 1, ..place };
        let sign = if *shown { "[x]" } else { "[ ]" };
        paint.text(line.x, y, 4, sign, Role::Key);
        paint.text(line.x + 4, y, 10, column.id, Role::Text);
        paint.text(line.x + 15, y, line.width - 15, column.doc, Role::Muted);
        if n == chosen {
            paint.lay(line, Role::Cursor);
        }
    }
}
