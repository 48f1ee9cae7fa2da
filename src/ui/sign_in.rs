//! The page of signing in: nothing else is shown with it.

use ratatui::layout::Rect;

use super::paint::{Paint, cells};
use super::theme::Role;
use crate::app::App;
use crate::app::banner::wrapped;
use crate::app::geometry::Geometry;
use crate::platform::{Challenge, Prompt};
use crate::session::{Stage, Standing};

/// The widest that the page is.
const WIDEST: u16 = 76;
/// Cells that the word before a line takes.
const LABEL: u16 = 10;

pub(super) fn draw(app: &App, geometry: &Geometry, paint: &mut Paint<'_>) {
    super::header::line(app, geometry.header, paint);
    let place = page(geometry);
    let mut y = place.y;
    for (text, role) in lines(app, place.width) {
        if y >= place.bottom() {
            return;
        }
        paint.text(place.x, y, place.width, &text, role);
        y += 1;
    }
}

/// Where the terminal's cursor stands: in the line that is typed into.
pub(super) fn cursor(app: &App, geometry: &Geometry) -> Option<(u16, u16)> {
    let place = page(geometry);
    let Stage::Asked(Challenge::Prompts { prompts, .. }) = &app.presence.sign_in().stage else {
        return None;
    };
    let page = app.sign_in_page();
    let line = page.lines.get(page.chosen)?;
    let prompt = prompts.get(page.chosen)?;
    let before: String = typed(*prompt, line.text()).chars().take(line.cursor()).collect();
    let x = place.x + LABEL + cells(&before);
    let y = place.y + u16::try_from(head(app, place.width).len() + page.chosen).ok()?;
    Some((x.min(place.right().saturating_sub(1)), y))
}

fn page(geometry: &Geometry) -> Rect {
    let screen = geometry.screen;
    let width = screen.width.saturating_sub(4).min(WIDEST);
    let height = screen.height.saturating_sub(4);
    Rect { x: (screen.width - width) / 2, y: 2 + height / 6, width, height: height - height / 6 }
}

/// What stands above what is asked.
fn head(app: &App, width: u16) -> Vec<(String, Role)> {
    let sign_in = app.presence.sign_in();
    let title = match app.presence.standing() {
        Standing::Locked(staff) => {
            format!("Locked. {} comes back with a factor.", staff.person.user)
        }
        _ => format!("Sign in to {}", app.setting.profile),
    };
    let mut lines = vec![(title, Role::Title), (String::new(), Role::Text)];
    for hint in &sign_in.hint {
        lines.extend(wrapped(hint.as_str(), width).into_iter().map(|line| (line, Role::Muted)));
    }
    if !sign_in.hint.is_empty() {
        lines.push((String::new(), Role::Text));
    }
    if let Some(wrong) = &sign_in.wrong {
        lines.extend(
            wrapped(wrong.as_str(), width).into_iter().map(|line| (line, Role::NoticeError)),
        );
        lines.push((String::new(), Role::Text));
    }
    lines
}

fn lines(app: &App, width: u16) -> Vec<(String, Role)> {
    let sign_in = app.presence.sign_in();
    let mut lines = head(app, width);
    match &sign_in.stage {
        Stage::Starting => lines.push(("Asking the provider…".to_owned(), Role::Muted)),
        Stage::Checking => lines.push(("Checking…".to_owned(), Role::Muted)),
        Stage::Resting => lines.push(("enter begins.".to_owned(), Role::Muted)),
        Stage::Asked(challenge) => lines.extend(asked(app, challenge)),
    }
    lines
}

fn asked(app: &App, challenge: &Challenge) -> Vec<(String, Role)> {
    match challenge {
        Challenge::Prompts { prompts, wrong, .. } => {
            let page = app.sign_in_page();
            let mut lines: Vec<_> = prompts
                .iter()
                .zip(&page.lines)
                .map(|(prompt, line)| {
                    let label = format!("{:<width$}", prompt.label(), width = usize::from(LABEL));
                    (label + &typed(*prompt, line.text()), Role::Input)
                })
                .collect();
            lines.extend(wrong.iter().map(|wrong| (wrong.to_string(), Role::NoticeError)));
            lines
        }
        Challenge::Browser { address, .. } => vec![(address.to_string(), Role::Text)],
        Challenge::Device { address, code, .. } => {
            vec![(format!("{address}  {code}"), Role::Text)]
        }
        Challenge::Choice { choices, .. } => {
            choices.iter().map(|choice| (choice.to_string(), Role::Text)).collect()
        }
        Challenge::Consent { title, .. } => vec![(title.to_string(), Role::Text)],
    }
}

/// What is shown of what is typed.
fn typed(prompt: Prompt, text: &str) -> String {
    if prompt.is_hidden() { text.chars().map(|_| '•').collect() } else { text.to_owned() }
}
