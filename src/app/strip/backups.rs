//! Above the backups: the buckets, how far their listing is, and how many of each fault there are.

use crate::app::App;
use crate::app::detail::{DetailLine, Piece, Tone, bytes_in_words};
use crate::domain::backup::Fault;
use crate::domain::{Bucket, Health, Text};
use crate::store::{Class, Store};

/// The lines.
pub(super) fn lines(app: &App) -> Vec<DetailLine> {
    let mut lines: Vec<DetailLine> = counts(&app.store).into_iter().collect();
    let buckets = &app.store.objects().buckets;
    let mut held: Vec<&Bucket> = buckets.iter().map(|(_, held)| &*held.object).collect();
    held.sort_by_key(|bucket| &bucket.name);
    lines.extend(held.into_iter().map(bucket_line));
    lines
}

/// How many shelves have which fault; none before there is anything.
fn counts(store: &Store) -> Option<DetailLine> {
    let mut counts = [0_usize; 6];
    let (mut all, mut orphans) = (0_usize, 0_usize);
    for verdict in store.shelves().iter() {
        all += 1;
        orphans += usize::from(verdict.class == Class::Orphan);
        for fault in &verdict.faults {
            let place = match fault {
                Fault::Missing => 0,
                Fault::Empty(_) => 1,
                Fault::Late(_) => 2,
                Fault::Half(_) => 3,
                Fault::Small { .. } => 4,
            };
            if let Some(count) = counts.get_mut(place) {
                *count += 1;
            }
        }
    }
    if all == 0 {
        return None;
    }
    let words = [
        ("without a backup", Health::Failed),
        ("empty", Health::Failed),
        ("late", Health::Degraded),
        ("half", Health::Degraded),
        ("small", Health::Degraded),
    ];
    let mut pieces = Vec::new();
    for ((word, health), count) in words.into_iter().zip(counts).filter(|(_, count)| *count > 0) {
        let text = format!("{} {count} {word}   ", health.sign());
        pieces.push(Piece::Text(Tone::Health(health), Text::clean(&text)));
    }
    if pieces.is_empty() {
        let text = format!("{} all well   ", Health::Healthy.sign());
        pieces.push(Piece::Text(Tone::Health(Health::Healthy), Text::clean(&text)));
    }
    if orphans > 0 {
        let text = format!("{orphans} of no tenant");
        pieces.push(Piece::Text(Tone::Muted, Text::clean(&text)));
    }
    Some(DetailLine { label: "", pieces })
}

fn bucket_line(bucket: &Bucket) -> DetailLine {
    let plain = |text: String| Piece::Text(Tone::Plain, Text::clean(&text));
    let mut pieces = vec![Piece::Text(Tone::Muted, Text::clean(&format!("{}  ", bucket.name)))];
    if let Some(why) = &bucket.trouble {
        pieces.push(Piece::Text(Tone::Warning, Text::clean(&why.to_string())));
        return DetailLine { label: "", pieces };
    }
    let noun = if bucket.objects == 1 { "object" } else { "objects" };
    let bytes = bytes_in_words(bucket.bytes);
    pieces.push(plain(format!("{} {noun}  {bytes}  ", bucket.objects)));
    if let Some((done, all)) = bucket.progress {
        let percent = u64::from(done) * 100 / u64::from(all).max(1);
        let text = format!("◌ listing {done}/{all} ({percent}%)  ");
        pieces.push(Piece::Text(Tone::Health(Health::Progressing), Text::clean(&text)));
    }
    match bucket.listed {
        Some(at) => {
            pieces.push(Piece::Text(Tone::Muted, Text::clean("listed ")));
            pieces.push(Piece::Age(at));
        }
        None if bucket.progress.is_none() => {
            pieces.push(Piece::Text(Tone::Muted, Text::clean("not listed yet")));
        }
        None => {}
    }
    DetailLine { label: "", pieces }
}
