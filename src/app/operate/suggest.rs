//! What can be chosen from in a field, as far as the store knows.

use super::aim::is_kept;
use crate::app::detail::bytes_in_words;
use crate::domain::{Timestamp, Uid};
use crate::operation::kinds::Suggest;
use crate::store::table::Table as _;
use crate::store::{Store, TenantsTable};

/// The most suggestions at once.
const MOST: usize = 8;

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// What is put into the field.
    pub value: String,
    /// What is good to know of it.
    pub note: String,
    /// Since when it is there.
    pub at: Option<Timestamp>,
}

fn plain(value: String) -> Suggestion {
    Suggestion { value, note: String::new(), at: None }
}

/// What fits `typed` in a field like this, for `tenant`.
pub(super) fn of(store: &Store, suggest: Suggest, tenant: &str, typed: &str) -> Vec<Suggestion> {
    let typed = typed.trim();
    match suggest {
        Suggest::Nothing | Suggest::Words(_) => Vec::new(),
        Suggest::Tenants => {
            let tenants = TenantsTable::new(store);
            let mut names: Vec<String> = tenants
                .slots()
                .map(|slot| tenants.name(slot).to_string())
                .filter(|name| name.contains(typed))
                .collect();
            names.sort_by_key(|name| (!name.starts_with(typed), name.clone()));
            names.into_iter().take(MOST).map(plain).collect()
        }
        Suggest::Backups => backups(store, tenant, typed),
        Suggest::Kept => {
            let databases = store.objects().databases.iter();
            let kept = databases.map(|(_, held)| &held.object.name);
            let kept = kept.filter(|name| is_kept(name.as_str()) && name.as_str().contains(typed));
            kept.take(MOST).map(|name| plain(name.to_string())).collect()
        }
    }
}

/// The newest backups of `tenant`, by their stamps.
fn backups(store: &Store, tenant: &str, typed: &str) -> Vec<Suggestion> {
    let shelves = &store.objects().shelves;
    let uid = Uid(crate::domain::Text::clean(tenant));
    let Some(shelf) = shelves.find(&uid).and_then(|slot| shelves.get(slot)) else {
        return Vec::new();
    };
    let copies = shelf.object.copies().iter().filter(|copy| copy.dump.is_some());
    let suggestion = |copy: &crate::domain::Backup| {
        let dump = copy.dump.map_or_else(String::new, bytes_in_words);
        let files = copy.filestore.map_or_else(
            || ", no files".to_owned(),
            |bytes| format!(", files {}", bytes_in_words(bytes)),
        );
        let insurance = if copy.insurance { ", insurance" } else { "" };
        let note = format!("{dump}{files}{insurance}");
        Suggestion { value: copy.stamp.to_string(), note, at: Some(copy.at) }
    };
    copies.map(suggestion).filter(|one| one.value.contains(typed)).take(MOST).collect()
}
