//! Names that may be shortened: columns and healths.

use super::quoted;
use crate::domain::{Health, nearest};
use crate::store::table::Column;

/// The number of the column that `name` means: its whole name, or a beginning that no other has.
///
/// Errors with what to write instead.
pub(super) fn find(name: &str, columns: &[Column]) -> Result<usize, String> {
    let ids = || columns.iter().map(|column| column.id);
    if let Some(at) = ids().position(|id| id.eq_ignore_ascii_case(name)) {
        return Ok(at);
    }
    let starting: Vec<_> = ids().enumerate().filter(|(_, id)| starts(id, name)).collect();
    match starting.as_slice() {
        [(at, _)] => Ok(*at),
        [] => Err(format!(
            "There is no column {}. {} To look for the text itself, put it in quotes.",
            quoted(name),
            instead(name, &ids().collect::<Vec<_>>())
        )),
        several => {
            let names: Vec<_> = several.iter().map(|(_, id)| *id).collect();
            Err(format!(
                "{} could be {}. Write more of the name.",
                quoted(name),
                listed(&names, " or ")
            ))
        }
    }
}

/// The health that `word` means, its whole word or a beginning of it; else what to write instead.
pub(super) fn health(word: &str) -> Result<Health, String> {
    let mut starting = Health::ALL.into_iter().filter(|health| starts(health.word(), word));
    match (starting.next(), starting.next()) {
        (Some(health), None) => Ok(health),
        _ => Err(format!(
            "{} is no health. {}",
            quoted(word),
            instead(word, &Health::ALL.map(Health::word))
        )),
    }
}

/// Whether `name` begins with `part`, in any case.
pub(super) fn starts(name: &str, part: &str) -> bool {
    name.get(..part.len()).is_some_and(|start| start.eq_ignore_ascii_case(part))
}

/// A sentence that names the one of `names` that was likely meant, or all of them.
fn instead(written: &str, names: &[&str]) -> String {
    match nearest(written, names.iter().copied()) {
        Some(name) => format!("The nearest is {name}."),
        None => format!("There are: {}.", listed(names, ", ")),
    }
}

/// At most a dozen of `names`.
fn listed(names: &[&str], between: &str) -> String {
    const MOST: usize = 12;
    let shown = names.iter().take(MOST).copied().collect::<Vec<_>>().join(between);
    if names.len() > MOST { format!("{shown}{between}…") } else { shown }
}
