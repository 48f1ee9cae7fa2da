//! The details of a finding: what is wrong, and below it the details of the thing that it speaks of.

use super::{DetailLine, Piece, Tone, age, blank, heading, lines_of, said};
use crate::domain::{FeedId, Health, Text, TroubleKind};
use crate::store::table::RowId;
use crate::store::{Area, Finding, OverviewTable, Store};

/// The title and the lines of the finding of the row `id`.
pub(super) fn lines(store: &Store, id: &RowId) -> Option<(Text, Vec<DetailLine>)> {
    let finding = OverviewTable::new(store).finding(id)?;
    let mut lines = head(finding);
    if finding.area == Area::Feeds {
        lines.extend(troubles(store, &finding.subject));
    }
    if let Some((title, own)) = finding.row.as_ref().and_then(|row| lines_of(store, row)) {
        let from = format!("{title}, from the {}", finding.area.table().name());
        lines.extend([blank(), heading(&from)]);
        lines.extend(own);
    }
    Some((finding.subject.clone(), lines))
}

fn head(finding: &Finding) -> Vec<DetailLine> {
    let tone = Tone::Health(finding.health);
    let what = Text::clean(&format!("{} {}", finding.health.sign(), finding.what));
    let mut lines = vec![said("", tone, &what), blank()];
    lines.push(said("about", Tone::Plain, &Text::from(finding.area.word())));
    lines.extend(finding.tenant.as_ref().map(|tenant| said("tenant", Tone::Plain, tenant)));
    lines.extend(finding.tier.as_ref().map(|tier| said("tier", Tone::Plain, tier)));
    let label = if finding.health == Health::Progressing { "due" } else { "since" };
    lines.extend(finding.at.map(|at| age(label, at)));
    lines
}

/// What is wrong with each feed of the system named `system`, and what to do.
fn troubles(store: &Store, system: &Text) -> Vec<DetailLine> {
    let of = |feed: &FeedId| feed.system().name() == system.as_str();
    let mut lines = vec![blank(), heading("Its feeds")];
    for feed in FeedId::ALL.into_iter().filter(of) {
        let trouble = store.feeds().get(feed).freshness.trouble();
        let (tone, says) = match trouble {
            None => (Tone::Plain, "no trouble".to_owned()),
            Some(why) if why.kind == TroubleKind::NotConfigured => {
                (Tone::Muted, "not set".to_owned())
            }
            Some(why) => (Tone::Warning, why.to_string()),
        };
        let name = Piece::Text(Tone::Plain, Text::clean(&format!("{feed}: ")));
        let pieces = vec![name, Piece::Text(tone, Text::clean(&says))];
        lines.push(DetailLine { label: "", pieces });
    }
    lines
}

/// What is copied of the finding of the row `id`: what it speaks of, or all that it says.
pub(super) fn copied(store: &Store, id: &RowId, all: bool) -> Option<String> {
    let finding = OverviewTable::new(store).finding(id)?;
    if !all {
        return Some(finding.subject.to_string());
    }
    Some(format!(
        "{} {} {}: {}",
        finding.health.word(),
        finding.area.word(),
        finding.subject,
        finding.what
    ))
}
