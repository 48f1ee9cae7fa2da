//! The pages laid over the pane that scroll: their lines, so that drawing and scrolling agree on how many
//! there are.

use super::App;
use super::detail::{DetailLine, Piece, Tone, fold, grouped};
use super::hints::{HelpLine, Hint, help_lines};
use super::notices::Level;
use super::operate;
use super::overlay::Overlay;
use super::rights;
use crate::domain::{FeedId, Health, System, Text, Timestamp, TroubleKind};
use crate::store::{FeedState, Freshness};

/// Cells that keys take on the help page.
const KEYS: usize = 23;

/// The lines of `overlay` on a page of `width` cells; none for what is a list to choose from.
#[must_use]
pub fn lines(app: &App, overlay: &Overlay, width: usize) -> Vec<DetailLine> {
    match overlay {
        Overlay::Help { .. } => fold(help(app), width),
        Overlay::Feeds { .. } => fold(feeds(app), width),
        Overlay::Notices { .. } => fold(notices(app), width),
        Overlay::Rights { .. } => fold(rights::lines(app), width),
        Overlay::Plan(_) | Overlay::Run(_) | Overlay::Leaving { .. } => {
            fold(local(app, operate::lines(app, overlay)), width)
        }
        Overlay::Palette(_)
        | Overlay::Card(_)
        | Overlay::Menu(_)
        | Overlay::Form(_)
        | Overlay::Columns { .. } => Vec::new(),
    }
}

/// The lines that stand at the bottom of `overlay`, below those that scroll.
#[must_use]
pub fn foot(app: &App, overlay: &Overlay, width: usize) -> Vec<DetailLine> {
    fold(local(app, operate::foot(app, overlay)), width)
}

/// `lines` with the times that stand in sentences of plans and journals in the zone of the screen, like all others there.
fn local(app: &App, mut lines: Vec<DetailLine>) -> Vec<DetailLine> {
    for piece in lines.iter_mut().flat_map(|line| &mut line.pieces) {
        if let Piece::Text(_, text) = piece
            && text.as_str().contains('Z')
        {
            let words: Vec<String> =
                text.as_str().split(' ').map(|word| local_word(app, word)).collect();
            *text = Text::clean(&words.join(" "));
        }
    }
    lines
}

/// The same of a word, which may have a bracket before it and punctuation after it.
fn local_word(app: &App, word: &str) -> String {
    let around = |c: char| !c.is_ascii_alphanumeric();
    let inner = word.trim_matches(around);
    let moment = Timestamp::parse(inner).filter(|_| inner.ends_with('Z'));
    let zoned = |at| word.replace(inner, &app.setting.moment(at));
    moment.map_or_else(|| word.to_owned(), zoned)
}

/// How many lines `overlay` has on a page of `width` cells.
#[must_use]
pub fn count_lines(app: &App, overlay: &Overlay, width: usize) -> usize {
    match overlay {
        Overlay::Card(card) => card.len(),
        other => lines(app, other, width).len(),
    }
}

/// A line of `pieces`.
pub(super) fn line(pieces: &[(Tone, String)]) -> DetailLine {
    let piece = |(tone, text): &(Tone, String)| Piece::Text(*tone, Text::clean(text));
    DetailLine { label: "", pieces: pieces.iter().map(piece).collect() }
}

fn help(app: &App) -> Vec<DetailLine> {
    let of = |help: HelpLine| match help {
        HelpLine::Heading(text) => line(&[(Tone::Heading, text)]),
        HelpLine::Key(Hint { keys, doc, refusal: None }) => {
            line(&[(Tone::Key, format!("  {keys:<KEYS$} ")), (Tone::Plain, doc)])
        }
        HelpLine::Key(Hint { keys, doc, refusal: Some(why) }) => {
            line(&[(Tone::Muted, format!("  {keys:<KEYS$} {doc}. {why}"))])
        }
        HelpLine::Text(text) => line(&[(Tone::Plain, format!("  {text}"))]),
    };
    help_lines(app).into_iter().map(of).collect()
}

/// The sign and the health of a freshness.
#[must_use]
pub fn freshness_health(app: &App, freshness: &Freshness) -> (&'static str, Option<Health>) {
    let health = match freshness {
        Freshness::Syncing(_) => Health::Progressing,
        Freshness::Live(_) if !freshness.is_old(app.now()) => Health::Healthy,
        Freshness::Live(_) | Freshness::Stale(..) => Health::Degraded,
        Freshness::Down(why) if why.kind == TroubleKind::NotConfigured => return ("–", None),
        Freshness::Down(_) => Health::Failed,
    };
    (health.sign(), Some(health))
}

/// Every feed by system, the system that is worst off first: what fails must not hide below what is well.
fn feeds(app: &App) -> Vec<DetailLine> {
    let stream = app.store.stream();
    let says = format!(
        "events: {} taken in, {} lines kept, {} older let go",
        grouped(stream.received()),
        grouped(stream.len() as u64),
        grouped(stream.dropped())
    );
    let mut lines = vec![line(&[(Tone::Muted, says)])];
    let of =
        |system: System| app.store.feeds().iter().filter(move |(feed, _)| feed.system() == system);
    let worst = |system: &System| {
        let healths =
            of(*system).filter_map(|(_, state)| freshness_health(app, &state.freshness).1);
        healths.min().unwrap_or(Health::Healthy)
    };
    let mut systems = System::ALL;
    systems.sort_by_key(worst);
    for system in systems {
        lines.push(DetailLine::default());
        lines.push(line(&[(Tone::Heading, system.name().to_owned())]));
        of(system).for_each(|(feed, state)| feed_lines(app, feed, state, &mut lines));
    }
    lines
}

/// How a feed is, and why it can't be read.
fn feed_lines(app: &App, feed: FeedId, state: &FeedState, lines: &mut Vec<DetailLine>) {
    let (sign, health) = freshness_health(app, &state.freshness);
    let tone = health.map_or(Tone::Muted, Tone::Health);
    let says = match &state.freshness {
        Freshness::Syncing(seen) => format!("asking, {} so far", grouped(*seen)),
        Freshness::Live(as_of) => format!("live, confirmed {} ago", app.now().since(*as_of)),
        Freshness::Stale(as_of, _) => format!("stale, {} old", app.now().since(*as_of)),
        Freshness::Down(_) => "nothing could be read".to_owned(),
    };
    let told =
        format!("  {}, {}", count(state.listings, "listing"), count(state.troubles, "trouble"));
    lines.push(line(&[
        (tone, format!("  {sign} {:<16} ", feed.name())),
        (Tone::Plain, says),
        (Tone::Muted, told),
    ]));
    if let Some(why) = state.freshness.trouble() {
        lines.push(line(&[(Tone::Plain, format!("    {why}"))]));
    }
}

fn count(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

fn notices(app: &App) -> Vec<DetailLine> {
    let zone = app.setting.zone;
    let mut lines: Vec<DetailLine> = app
        .notices
        .all()
        .iter()
        .map(|notice| {
            let (sign, tone) = match notice.level {
                Level::Info => ("·", Tone::Plain),
                Level::Warning => ("▲", Tone::Warning),
                Level::Error => ("✗", Tone::Error),
            };
            let at = notice.at.utc().with_timezone(&zone).format("%H:%M:%S");
            line(&[(Tone::Muted, format!("{at} ")), (tone, format!("{sign} {}", notice.text))])
        })
        .collect();
    if lines.is_empty() {
        lines.push(line(&[(Tone::Muted, "Nothing was said yet.".to_owned())]));
    }
    lines
}
