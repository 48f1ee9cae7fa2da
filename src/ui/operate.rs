//! Operations on the screen: the list of what can be done, forms, and what is asked below plans.

use ratatui::layout::Rect;

use super::drawer::draw_line;
use super::overlays::scrolled;
use super::paint::{Paint, cells};
use super::rows::age;
use super::theme::Role;
use crate::app::banner::wrapped;
use crate::app::detail::{DetailLine, LABELS};
use crate::app::geometry::Geometry;
use crate::app::operate::{Form, FormField, Menu, Typed};
use crate::app::overlay::Overlay;
use crate::app::{App, action, pages};

/// Cells that the words of the list take.
const WORDS: u16 = 18;

pub(super) fn menu(app: &App, menu: &Menu, place: Rect, paint: &mut Paint<'_>) {
    let top = scrolled(menu.chosen, place.height);
    let items = menu.items.iter().enumerate().skip(top);
    for (y, (number, item)) in (place.top()..place.bottom()).zip(items) {
        let line = Rect { y, height: 1, ..place };
        let refusal = action::spec(item.id).and_then(|spec| app.refusal(spec));
        let role = if refusal.is_some() { Role::Muted } else { Role::Key };
        paint.text(line.x, y, WORDS, item.word, role);
        let (x, width) = (line.x + WORDS, line.width.saturating_sub(WORDS));
        match refusal {
            Some(refusal) => paint.text(x, y, width, &refusal, Role::Muted),
            None => paint.text(x, y, width, item.doc, Role::Text),
        };
        if number == menu.chosen {
            paint.lay(line, Role::Cursor);
        }
    }
}

pub(super) fn form(app: &App, form: &Form, place: Rect, paint: &mut Paint<'_>) {
    let mut y = place.y;
    for (number, field) in form.fields.iter().enumerate() {
        let chosen = number == form.at && form.waits.is_none();
        draw_field(field, chosen, Rect { y, height: 1, ..place }, paint);
        y += 1;
        if chosen {
            y = suggestions(
                app,
                form,
                field,
                Rect { y, height: place.bottom() - y.min(place.bottom()), ..place },
                paint,
            );
        }
    }
    below(
        app,
        form,
        Rect { y: y + 1, height: place.bottom().saturating_sub(y + 1), ..place },
        paint,
    );
}

fn draw_field(field: &FormField, chosen: bool, place: Rect, paint: &mut Paint<'_>) {
    let label = if chosen { Role::Key } else { Role::Muted };
    paint.text(place.x, place.y, LABELS, field.field.label, label);
    let (mut x, width) = (place.x + LABELS, place.width.saturating_sub(LABELS));
    if field.fixed {
        paint.text(x, place.y, width, field.text(), Role::Text);
        return;
    }
    let words = field.words();
    if words.is_empty() {
        if chosen {
            paint.fill(Rect { x, width, ..place }, Role::Input);
        }
        paint.text(x, place.y, width, field.line.text(), Role::Input);
        return;
    }
    for word in words {
        let taken = *word == field.text();
        let text = if taken { format!("[{word}]") } else { format!(" {word} ") };
        let role = if taken { Role::Input } else { Role::Muted };
        x += paint.text(x, place.y, place.right().saturating_sub(x), &text, role) + 1;
    }
}

/// What can be chosen from, below the field; gives the line after it.
fn suggestions(
    app: &App,
    form: &Form,
    field: &FormField,
    place: Rect,
    paint: &mut Paint<'_>,
) -> u16 {
    let mut y = place.y;
    for (number, one) in form.suggestions(&app.store, field).iter().enumerate() {
        if y >= place.bottom() {
            break;
        }
        let (x, width) = (place.x + LABELS, place.width.saturating_sub(LABELS));
        let used = paint.text(x, y, width, &one.value, Role::Text) + 2;
        let when = one.at.map_or_else(String::new, |at| format!("{} ago  ", age(at, app.now())));
        let aside = format!("{when}{}", one.note);
        paint.text(x + used, y, width.saturating_sub(used), &aside, Role::Muted);
        if field.taken == Some(number) {
            paint.lay(Rect { x, width, y, height: 1 }, Role::Cursor);
        }
        y += 1;
    }
    y
}

/// What stands below the fields: what is wrong, or what the field means.
fn below(app: &App, form: &Form, place: Rect, paint: &mut Paint<'_>) {
    let (text, role) = match (&form.wrong, form.waits, form.current()) {
        (Some(wrong), ..) => (format!("✗ {wrong}"), Role::NoticeError),
        (None, Some(_), _) => {
            ("◌ Looking at how things are, to make the plan…".to_owned(), Role::HealthProgressing)
        }
        (None, None, Some(field)) => match form.fault(&app.store, field) {
            Some(fault) => (format!("✗ {}: {fault}.", field.field.label), Role::NoticeError),
            None => (field.field.help.to_owned(), Role::Muted),
        },
        (None, None, None) => return,
    };
    for (y, line) in (place.top()..place.bottom()).zip(wrapped(&text, place.width)) {
        paint.text(place.x, y, place.width, &line, role);
    }
}

/// Draws what is asked at the bottom of `overlay`; gives the lines taken, with the line above them.
pub(super) fn foot(app: &App, overlay: &Overlay, place: Rect, paint: &mut Paint<'_>) -> u16 {
    let lines = pages::foot(app, overlay, usize::from(place.width));
    let Some(count) = u16::try_from(lines.len()).ok().filter(|count| *count > 0) else { return 0 };
    let top = place.bottom().saturating_sub(count);
    for x in place.left()..place.right() {
        paint.text(x, top.saturating_sub(1), 1, "─", Role::BorderFocused);
    }
    for (y, line) in (top..place.bottom()).zip(&lines) {
        let place = Rect { y, height: 1, ..place };
        draw_line(app, line, place, paint);
        if let (Some(into), Some(chosen)) = (overlay.typed(), typed(overlay, line)) {
            draw_typed(into, line.label, chosen, place, paint);
        }
    }
    count + 1
}

/// Whether `line` is one that is typed into, and if so whether it is now.
fn typed(overlay: &Overlay, line: &DetailLine) -> Option<bool> {
    let into = overlay.typed()?;
    match line.label {
        "word" => Some(!into.at_reason),
        "reason" => Some(into.at_reason),
        _ => None,
    }
}

fn draw_typed(into: &Typed, label: &str, chosen: bool, place: Rect, paint: &mut Paint<'_>) {
    let line = if label == "word" { &into.word } else { &into.reason };
    let (x, width) = (place.x + LABELS, place.width.saturating_sub(LABELS));
    if chosen {
        paint.text(place.x, place.y, LABELS, label, Role::Key);
        paint.fill(Rect { x, width, ..place }, Role::Input);
    }
    paint.text(x, place.y, width, line.text(), Role::Input);
}

/// Where the terminal's cursor stands, while something is typed.
pub(super) fn cursor(
    app: &App,
    geometry: &Geometry,
    overlay: &Overlay,
    place: Rect,
) -> Option<(u16, u16)> {
    let (line, y) = if let Overlay::Form(form) = overlay {
        let field = form.current().filter(|field| !field.fixed && field.words().is_empty())?;
        (&field.line, place.y + 1 + u16::try_from(form.at).ok()?)
    } else {
        let line = overlay.typed()?.line();
        let lines = pages::foot(app, overlay, geometry.overlay_width());
        let at = lines.iter().position(|line| typed(overlay, line) == Some(true))?;
        let from_end = u16::try_from(lines.len() - at).ok()?;
        (line, place.bottom().saturating_sub(1 + from_end))
    };
    let before: String = line.text().chars().take(line.cursor()).collect();
    let x = place.x + 2 + LABELS + cells(&before);
    Some((x.min(place.right().saturating_sub(2)), y))
}
