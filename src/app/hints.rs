//! Which keys to show: a few in the footer, all of them on the help page. Both come from the keys in effect.

use super::App;
use super::action;
use super::overlay::Overlay;
use crate::input::{Context, Continuation, Step};
use crate::store::filter;

/// A key and what it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The key, or keys, as typed.
    pub keys: String,
    /// What it does.
    pub doc: String,
    /// Why it may not be done now, if it may not.
    pub refusal: Option<String>,
}

/// A line of the help page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HelpLine {
    /// A heading.
    Heading(String),
    /// A key and what it does.
    Key(Hint),
    /// Plain text.
    Text(String),
}

/// What the footer hints at in each context, the most useful first, with a short word for it.
const HINTED: &[(Context, &[(&str, &str)])] = &[
    // What the page itself asks for stands on it.
    (Context::SignIn, &[("app.quit", "quit"), ("app.suspend", "to the shell")]),
    (
        Context::Filter,
        &[
            ("line.accept", "keep"),
            ("line.cancel", "back"),
            ("history.previous", "earlier filters"),
        ],
    ),
    (Context::Line, &[("line.accept", "go there"), ("line.cancel", "back")]),
    (Context::Palette, &[("line.accept", "go"), ("choice.next", "next"), ("line.cancel", "close")]),
    (Context::Help, &[("help.close", "close"), ("drawer.down", "scroll")]),
    (Context::Feeds, &[("help.close", "close"), ("drawer.down", "scroll")]),
    (Context::Menu, &[("menu.take", "do it"), ("choice.next", "next"), ("menu.close", "close")]),
    (
        Context::Form,
        &[
            ("form.submit", "go on"),
            ("form.next", "next field"),
            ("choice.next", "choose"),
            ("form.cancel", "leave"),
        ],
    ),
    (
        Context::Plan,
        &[
            ("plan.yes", "yes"),
            ("plan.no", "no"),
            ("plan.again", "plan anew"),
            ("drawer.down", "scroll"),
        ],
    ),
    (
        Context::Confirm,
        &[
            ("confirm.accept", "go on"),
            ("confirm.other", "the other line"),
            ("drawer.page-down", "scroll"),
            ("plan.no", "leave"),
        ],
    ),
    (
        Context::Run,
        &[
            ("operation.close", "back"),
            ("operation.resume", "go on"),
            ("operation.undo", "take back"),
            ("operation.approve", "approve"),
            ("operation.log", "log"),
            ("operation.give-up", "leave as it is"),
            ("operation.export", "export"),
            ("drawer.down", "scroll"),
        ],
    ),
    (Context::Columns, &[("columns.toggle", "show or hide"), ("columns.close", "close")]),
    (
        Context::Drawer,
        &[
            ("drawer.blur", "to the table"),
            ("drawer.down", "scroll"),
            ("row.copy-all", "copy all"),
            ("app.help", "help"),
        ],
    ),
    (
        Context::Log,
        &[
            ("log.close", "back"),
            ("log.search", "search"),
            ("log.follow", "follow"),
            ("log.other-run", "run before"),
            ("log.next", "next log"),
            ("log.match-previous", "match before"),
            ("log.match-next", "next match"),
            ("log.wrap", "wrap"),
            ("row.copy", "copy"),
            ("app.help", "help"),
        ],
    ),
    (Context::Line, &[("line.accept", "keep"), ("line.cancel", "back")]),
    (
        Context::Events,
        &[
            ("drawer.open", "details"),
            ("filter.open", "filter"),
            ("tail.newest", "follow"),
            ("tail.pause", "pause"),
            ("app.help", "help"),
            ("app.palette", "palette"),
            ("events.follow-tenant", "this tenant"),
            ("events.jump", "go to a time"),
            ("gap.previous", "last gap"),
            ("row.copy", "copy"),
            ("app.feeds", "feeds"),
        ],
    ),
    (
        Context::Alerts,
        &[
            ("drawer.open", "details"),
            ("filter.open", "filter"),
            ("operate.ack", "ack"),
            ("operate.silence", "silence"),
            ("table.unfold", "open group"),
            ("row.copy-link", "copy link"),
            ("app.help", "help"),
            ("app.palette", "palette"),
            ("view.next", "silences"),
            ("row.copy", "copy"),
            ("app.feeds", "feeds"),
        ],
    ),
    (
        Context::Table,
        &[
            ("drawer.open", "details"),
            ("filter.open", "filter"),
            ("operate.menu", "do"),
            ("row.log", "log"),
            ("sort.next", "sort"),
            ("app.help", "help"),
            ("app.palette", "palette"),
            ("cursor.mark", "mark"),
            ("row.copy", "copy"),
            ("columns.open", "columns"),
            ("app.feeds", "feeds"),
        ],
    ),
];

/// The hints of the footer for what has the keys now.
#[must_use]
pub fn hints(app: &App) -> Vec<Hint> {
    let contexts = app.contexts();
    let top = contexts.first().copied().unwrap_or(Context::Global);
    let pending = !app.pending().is_empty();
    if pending {
        return continuations(app, &contexts);
    }
    let hinted = HINTED.iter().find(|(context, _)| *context == top).map_or(&[][..], |(_, h)| *h);
    // Only a plan can be made anew, though other questions are answered by the same keys.
    let is_plan = matches!(app.overlay(), Some(Overlay::Plan(_)));
    let fitting = hinted.iter().filter(|(id, _)| is_plan || *id != "plan.again");
    let fitting = fitting.filter(|(id, _)| app.fits_run(id));
    fitting.filter_map(|(id, doc)| hint(app, &contexts, id, doc)).collect()
}

/// The first key of the action `id`, if it has one here, with a word for it.
pub(super) fn hint(app: &App, contexts: &[Context], id: &str, doc: &str) -> Option<Hint> {
    let keys = app.keymap().keys_for(id, contexts).into_iter().next()?;
    Some(Hint { keys, doc: doc.to_owned(), refusal: refusal(app, id) })
}

fn refusal(app: &App, id: &str) -> Option<String> {
    app.refusal(action::spec(id)?)
}

/// What may follow the keys pressed so far.
fn continuations(app: &App, contexts: &[Context]) -> Vec<Hint> {
    let Step::Pending(next) = app.keymap().step(contexts, app.pending()) else { return Vec::new() };
    let hint = |next: Continuation| Hint {
        keys: next.chord.to_string(),
        doc: next.label,
        refusal: next.verb.and_then(|id| refusal(app, id)),
    };
    next.into_iter().map(hint).collect()
}

/// The lines of the help page: every key that works below it, then the filter language.
#[must_use]
pub(super) fn help_lines(app: &App) -> Vec<HelpLine> {
    let mut lines = Vec::new();
    for context in app.pane_contexts() {
        lines.push(HelpLine::Heading(context.doc().to_owned()));
        for spec in action::REGISTRY.iter().filter(|spec| spec.verb.contexts.contains(&context)) {
            let keys = app.keymap().keys_for(spec.verb.id, &[context]);
            if !keys.is_empty() {
                let (keys, doc) = (keys.join(", "), spec.verb.doc.to_owned());
                lines.push(HelpLine::Key(Hint { keys, doc, refusal: app.refusal(spec) }));
            }
        }
        lines.push(HelpLine::Text(String::new()));
    }
    lines.push(HelpLine::Heading("the filter line".to_owned()));
    lines.extend(filter::help().lines().map(|line| HelpLine::Text(line.to_owned())));
    lines
}
