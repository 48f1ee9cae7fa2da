//! The strip of the overview: how much is wrong and where, which feeds can't be read, and how a few figures went lately.

use super::super::App;
use super::super::detail::{DetailLine, Piece, Tone};
use crate::domain::{Bytes, FeedId, Health, Series, System, Text, TroubleKind, Unit};
use crate::store::{Area, Figure, Freshness};

/// Cells that a figure takes with its name, its line and its last value.
const CELL: usize = 39;
/// Cells of its name: whole, for half a name says nothing.
const NAME: usize = Series::WORDS_MAX;
/// Points of its line.
const POINTS: usize = 8;
/// The heights of a point.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Cells after an area, which it may do without at the end of a line.
const GAP: usize = 3;
/// Lines of areas, and of figures.
const LINES: usize = 2;
/// On fewer cells there are only so many figures as the areas leave room for.
const NARROW: usize = 100;

/// The lines of the strip, on `width` cells.
#[must_use]
pub fn lines(app: &App, width: usize) -> Vec<DetailLine> {
    let mut lines = vec![counts(app)];
    let narrow = width < NARROW;
    // A narrow screen is a low one too: what is wrong comes before how figures went.
    let all = areas(app, width, if narrow { LINES + 1 } else { LINES });
    let spare = (LINES + 1).saturating_sub(all.len()).min(LINES);
    lines.extend(all);
    let fit = (width / CELL).max(1);
    let most = fit * if narrow { spare } else { LINES };
    let cells: Vec<Vec<Piece>> = figures(app, most);
    for row in cells.chunks(fit) {
        lines.push(DetailLine { label: "", pieces: row.concat() });
    }
    lines
}

fn piece(tone: Tone, text: &str) -> Piece {
    Piece::Text(tone, Text::clean(text))
}

/// How many things are wrong, and what can't be seen.
fn counts(app: &App) -> DetailLine {
    let findings = app.store.findings();
    let (failed, degraded, due) = findings.counts();
    let mut pieces = Vec::new();
    for (health, count, word) in [
        (Health::Failed, failed, "failed"),
        (Health::Degraded, degraded, "degraded"),
        (Health::Progressing, due, "due"),
    ] {
        let tone = if count > 0 { Tone::Health(health) } else { Tone::Muted };
        pieces.push(piece(tone, &format!("{} {count} {word}  ", health.sign())));
    }
    let rows = findings.rows().iter().filter(|row| row.row.is_some()).count();
    if failed + degraded + due > rows + crate::store::findings::ALIKE {
        pieces.push(piece(Tone::Muted, &format!("{rows} of them below  ")));
    }
    if let Some(says) = unseen(app) {
        pieces.push(piece(Tone::Warning, &says));
    }
    DetailLine { label: "", pieces }
}

/// How many things are wrong in each area, the worst areas first: on a small screen most of them have no row in sight.
fn areas(app: &App, width: usize, most: usize) -> Vec<DetailLine> {
    let findings = app.store.findings();
    let mut areas: Vec<_> = Area::ALL
        .into_iter()
        .map(|area| (findings.counts_in(area).into_iter().filter(|(_, count)| *count > 0), area))
        .filter_map(|(counts, area)| Some((counts.clone().next()?.0, area, counts)))
        .collect();
    areas.sort_unstable_by_key(|(worst, area, _)| (*worst, *area));
    let mut lines: Vec<(usize, Vec<Piece>)> = Vec::new();
    for (_, area, counts) in areas {
        let mut pieces = vec![piece(Tone::Muted, &format!("{} ", area.word()))];
        pieces.extend(counts.map(|(health, count)| {
            piece(Tone::Health(health), &format!("{}{count} ", health.sign()))
        }));
        pieces.push(piece(Tone::Muted, "  "));
        let cells: usize = pieces.iter().map(cells).sum();
        match lines.last_mut() {
            Some((used, line)) if *used + cells <= width + GAP => {
                *used += cells;
                line.extend(pieces);
            }
            _ => lines.push((cells, pieces)),
        }
    }
    lines.truncate(most);
    lines.into_iter().map(|(_, pieces)| DetailLine { label: "", pieces }).collect()
}

fn cells(piece: &Piece) -> usize {
    match piece {
        Piece::Text(_, text) => text.as_str().chars().count(),
        Piece::Age(_) | Piece::Clock(_) | Piece::Promise(_) => 0,
    }
}

/// The systems that are not read now, by the word for it.
#[must_use]
pub fn unseen(app: &App) -> Option<String> {
    let mut parts: [(&str, Vec<&str>); 5] =
        ["can't be read", "denied", "silent", "asking", "not set"].map(|word| (word, Vec::new()));
    for system in System::ALL {
        let worst = FeedId::ALL.into_iter().filter(|feed| feed.system() == system).fold(
            None,
            |worst: Option<&'static str>, feed| {
                let freshness = &app.store.feeds().get(feed).freshness;
                let word = match freshness {
                    Freshness::Down(why) | Freshness::Stale(_, why)
                        if why.kind == TroubleKind::NotConfigured =>
                    {
                        "not set"
                    }
                    Freshness::Down(why) | Freshness::Stale(_, why) if why.is_refusal() => {
                        return Some("denied");
                    }
                    Freshness::Down(_) | Freshness::Stale(..) => return Some("can't be read"),
                    Freshness::Syncing(_) => "asking",
                    Freshness::Live(_) if freshness.is_old(app.now()) => "silent",
                    Freshness::Live(_) => return worst,
                };
                worst.or(Some(word))
            },
        );
        if let Some((_, systems)) = parts.iter_mut().find(|(word, _)| Some(*word) == worst) {
            systems.push(system.name());
        }
    }
    let parts: Vec<String> = parts
        .iter()
        .filter(|(_, systems)| !systems.is_empty())
        .map(|(word, systems)| format!("{word}: {}", systems.join(", ")))
        .collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// What stands in place of the rows when nothing is wrong.
#[must_use]
pub fn empty(app: &App) -> Vec<String> {
    let mut lines = vec!["Nothing is wrong as far as the feeds can see.".to_owned()];
    lines.extend(unseen(app).map(|says| format!("{}.", capital(&says))));
    lines
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// At most `most` figures: those of Prometheus where it tells some, else the console's own.
fn figures(app: &App, most: usize) -> Vec<Vec<Piece>> {
    let mut series: Vec<&Series> =
        app.store.objects().series.iter().map(|(_, held)| &*held.object).collect();
    series.retain(|series| series.tenant.is_none() && !series.points.is_empty());
    series.sort_by(|a, b| (a.rank, &a.uid).cmp(&(b.rank, &b.uid)));
    let told = series.into_iter().map(|series| {
        let value = |point: &(_, i64)| Some(point.1.max(0).unsigned_abs());
        let points: Vec<Option<u64>> = series.points.iter().map(value).collect();
        figure(series.what.as_str(), &points, series.unit)
    });
    let history = app.store.history();
    let own = Figure::ALL.into_iter().map(|it| {
        let points: Vec<Option<u64>> = history.of(it).collect();
        figure(it.word(), &points, it.unit())
    });
    told.chain(own).take(most).collect()
}

/// A figure's name, its line and its last value.
fn figure(name: &str, points: &[Option<u64>], unit: Unit) -> Vec<Piece> {
    let last = points.last().copied().flatten();
    let value = last.map_or_else(|| "–".to_owned(), |last| in_unit(last, unit));
    let name: String = name.chars().take(NAME).collect();
    let room = CELL - NAME - 1 - POINTS - 3;
    vec![
        piece(Tone::Muted, &format!("{name:<NAME$} ")),
        piece(Tone::Key, &sparkline(points, POINTS)),
        piece(Tone::Plain, &format!(" {value:<room$}  ")),
    ]
}

/// `points` as `cells` blocks, the newest to the right; a blank where nothing is known.
fn sparkline(points: &[Option<u64>], cells: usize) -> String {
    let each = points.len().div_ceil(cells).max(1);
    // The worst of each share: a spike must not vanish because the window is long.
    let shares: Vec<Option<u64>> =
        points.rchunks(each).rev().map(|share| share.iter().flatten().max().copied()).collect();
    let most = shares.iter().flatten().max().copied().unwrap_or_default().max(1);
    let block = |value: &Option<u64>| match value {
        None => ' ',
        Some(value) => {
            let step = u128::from(*value) * (BLOCKS.len() as u128 - 1) / u128::from(most);
            BLOCKS.get(usize::try_from(step).unwrap_or_default()).copied().unwrap_or('█')
        }
    };
    let line: String = shares.iter().map(block).collect();
    format!("{line:>cells$}")
}

/// A value in thousandths of `unit`, short.
fn in_unit(thousandths: u64, unit: Unit) -> String {
    match unit {
        Unit::Count => amount(thousandths),
        Unit::PerSecond => format!("{}/s", amount(thousandths)),
        Unit::Share => format!("{}%", amount(thousandths.saturating_mul(100))),
        Unit::Seconds if thousandths < 1_000 => format!("{thousandths}ms"),
        Unit::Seconds => format!("{}s", amount(thousandths)),
        Unit::Bytes => Bytes(thousandths / 1_000).to_string(),
    }
}

/// A value in thousandths, short.
fn amount(thousandths: u64) -> String {
    match thousandths {
        0..100_000 if !thousandths.is_multiple_of(1_000) => {
            format!("{}.{}", thousandths / 1_000, thousandths % 1_000 / 100)
        }
        0..10_000_000 => (thousandths / 1_000).to_string(),
        _ => format!("{}k", thousandths / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_show_the_course_and_never_call_the_unknown_zero() {
        let known = |values: &[u64]| values.iter().copied().map(Some).collect::<Vec<_>>();
        for (points, line) in [
            (vec![], "        "),
            (known(&[0, 0]), "      ▁▁"),
            (known(&[0, 7]), "      ▁█"),
            (vec![Some(7), None, Some(0)], "     █ ▁"),
            // Of more points than cells each cell shows the worst of its share.
            (known(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0]), "▁▁▁▁▁▁█▁"),
        ] {
            assert_eq!(sparkline(&points, 8), line, "{points:?}");
        }
    }

    #[test]
    fn amounts_are_short() {
        for (thousandths, shown) in
            [(0, "0"), (1_500, "1.5"), (42_000, "42"), (2_143_000, "2143"), (12_000_000, "12k")]
        {
            assert_eq!(amount(thousandths), shown);
        }
    }
}
