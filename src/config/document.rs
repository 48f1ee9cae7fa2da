//! The settings file taken apart: which row of the table stands on which line.
//!
//! Knows TOML and the table's paths, not the values: it finds bad syntax, unknown, misplaced and
//! misshapen keys, and hands the rest on with its line.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Fault, Place, Problem};
use super::keys::{KEYS, Key, Rule, Scope};
use super::value::{Raw, is_name};
use crate::domain::nearest;

const PROFILES: &str = "profiles";

/// A setting of the file.
pub(super) struct Entry<'a> {
    /// Its row.
    pub(super) key: &'static Key,
    /// The profile it stands in.
    pub(super) profile: Option<&'a str>,
    /// Its value.
    pub(super) value: &'a DeValue<'a>,
    /// Its line, counted from 1.
    pub(super) line: usize,
}

/// The settings of a file, and what is wrong with their names.
pub(super) struct Document<'a> {
    /// The settings, those outside of profiles and inside in no special order.
    pub(super) entries: Vec<Entry<'a>>,
    /// The profiles in order of their names, with the lines where they begin.
    pub(super) profiles: Vec<(&'a str, usize)>,
    /// What is wrong.
    pub(super) problems: Vec<Problem>,
    path: &'a Path,
    lines: &'a Lines,
}

/// The parsed text, which a [`Document`] borrows.
pub(super) struct Parsed<'t> {
    root: Spanned<DeTable<'t>>,
    lines: Lines,
}

impl<'t> Parsed<'t> {
    /// Parses the text of the file at `path`; bad syntax gives one problem a line.
    pub(super) fn parse(text: &'t str, path: &Path) -> Result<Self, Vec<Problem>> {
        let lines = Lines::of(text);
        let (root, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            return Ok(Self { root, lines });
        }
        let mut problems: Vec<_> = errors
            .iter()
            .map(|error| {
                let offset = error.span().map_or(0, |span| span.start);
                let (line, column) = lines.position(text, offset);
                let place = Place::File { path: path.to_owned(), line, column: Some(column) };
                Problem { place, fault: Fault::Syntax(error.message().to_owned()) }
            })
            .collect();
        problems.sort_by(|one, other| one.place.cmp(&other.place));
        problems.dedup_by(|later, first| same_line(&later.place, &first.place));
        Err(problems)
    }

    /// Takes the document apart.
    pub(super) fn document<'a>(&'a self, path: &'a Path) -> Document<'a> {
        let mut document = Document {
            entries: Vec::new(),
            profiles: Vec::new(),
            problems: Vec::new(),
            path,
            lines: &self.lines,
        };
        document.walk(self.root.get_ref(), "", None);
        document
    }
}

impl<'a> Document<'a> {
    fn walk(&mut self, table: &'a DeTable<'a>, section: &str, profile: Option<&'a str>) {
        for (name, value) in table {
            let line = self.lines.line(name.span().start);
            let name: &'a str = name.get_ref();
            let value = value.get_ref();
            let path = join(section, name);
            let here = Here { section, profile };
            // A quoted key with a dot, or an empty one, would look like another path.
            if name.is_empty() || name.contains('.') {
                self.problem(line, here.quoted(name));
            } else if path == PROFILES && profile.is_none() {
                self.walk_profiles(value, line);
            } else if let Some(key) = here.key(&path).filter(|key| key.may_be(value)) {
                self.entries.push(Entry { key, profile, value, line });
            } else if here.has_section(&path) {
                self.walk_section(value, &path, profile, line);
            } else {
                self.problem(line, here.fault(name, value));
            }
        }
    }

    fn walk_section(
        &mut self,
        value: &'a DeValue<'a>,
        section: &str,
        profile: Option<&'a str>,
        line: usize,
    ) {
        match value {
            DeValue::Table(table) => self.walk(table, section, profile),
            _ => self.problem(
                line,
                Fault::NotASection {
                    section: Here { section, profile }.header(),
                    found: Raw::Toml(value).found(),
                },
            ),
        }
    }

    fn walk_profiles(&mut self, value: &'a DeValue<'a>, line: usize) {
        let DeValue::Table(profiles) = value else {
            let (section, found) = ("profiles.NAME".to_owned(), Raw::Toml(value).found());
            return self.problem(line, Fault::NotASection { section, found });
        };
        for (name, value) in profiles {
            let line = self.lines.line(name.span().start);
            let name: &'a str = name.get_ref();
            if is_name(name) {
                self.profiles.push((name, line));
                self.walk_section(value.get_ref(), "", Some(name), line);
            } else {
                self.problem(line, Fault::ProfileName(name.to_owned()));
            }
        }
    }

    fn problem(&mut self, line: usize, fault: Fault) {
        let place = Place::File { path: self.path.to_owned(), line, column: None };
        self.problems.push(Problem { place, fault });
    }
}

/// A place in the document, while it is walked.
struct Here<'a> {
    section: &'a str,
    profile: Option<&'a str>,
}

impl Here<'_> {
    fn rows(&self) -> impl Iterator<Item = &'static Key> {
        let in_profile = self.profile.is_some();
        KEYS.iter().filter(move |key| key.scope.allows(in_profile))
    }

    fn key(&self, path: &str) -> Option<&'static Key> {
        self.rows().find(|key| key.path == path)
    }

    fn has_section(&self, path: &str) -> bool {
        self.rows().any(|key| key.section() == path)
    }

    /// The header of the section, without brackets.
    fn header(&self) -> String {
        match self.profile {
            Some(profile) => join(&join(PROFILES, profile), self.section),
            None => self.section.to_owned(),
        }
    }

    fn place(&self) -> String {
        match self.header() {
            header if header.is_empty() => "at the top level".to_owned(),
            header => format!("in [{header}]"),
        }
    }

    /// What is wrong with a key that stands in quotes because it has a dot, or nothing, in it.
    fn quoted(&self, name: &str) -> Fault {
        let path = join(self.section, name);
        match KEYS.iter().find(|key| key.path == path && key.leaf() != name) {
            Some(key) if !name.is_empty() => Fault::Misplaced {
                key: path,
                place: "in quotes".to_owned(),
                belongs: belongs(key.scope, key.section()),
            },
            _ => Fault::UnknownKey { key: name.to_owned(), place: self.place(), nearest: None },
        }
    }

    fn fault(&self, name: &str, value: &DeValue<'_>) -> Fault {
        let path = join(self.section, name);
        let misplaced = |key: &&Key| {
            key.path == path && !key.scope.allows(self.profile.is_some()) || key.section() == path
        };
        if let Some(key) = KEYS.iter().find(misplaced) {
            let section = if key.path == path { key.section() } else { path.as_str() };
            let belongs = belongs(key.scope, section);
            return Fault::Misplaced { key: path, place: self.place(), belongs };
        }
        if value.is_table() {
            let nearest = nearest(name, self.sections())
                .map(|name| Here { section: name, profile: self.profile }.header());
            return Fault::UnknownSection { section: join(&self.header(), name), nearest };
        }
        Fault::UnknownKey {
            key: name.to_owned(),
            place: self.place(),
            nearest: self.nearest_key(name),
        }
    }

    fn sections(&self) -> impl Iterator<Item = &'static str> {
        let top = self.section.is_empty();
        let profiles = (top && self.profile.is_none()).then_some(PROFILES);
        let rows = self.rows().map(Key::section).filter(move |name| top && !name.is_empty());
        profiles.into_iter().chain(rows)
    }

    /// A key of this section that is spelled alike, or one of another section with this very name.
    fn nearest_key(&self, name: &str) -> Option<String> {
        let here = self.rows().filter(|key| key.section() == self.section).map(Key::leaf);
        nearest(name, here.chain(self.sections())).map(str::to_owned).or_else(|| {
            let elsewhere = KEYS.iter().find(|key| key.leaf() == name)?;
            Some(match elsewhere.scope {
                Scope::Profile => format!("{PROFILES}.NAME.{}", elsewhere.path),
                Scope::Console | Scope::Either => elsewhere.path.to_owned(),
            })
        })
    }
}

impl Key {
    /// Whether the value is no section, or this setting is written like one.
    fn may_be(&self, value: &DeValue<'_>) -> bool {
        self.rule == Rule::Secret || !value.is_table()
    }
}

fn belongs(scope: Scope, section: &str) -> String {
    match (scope, section) {
        (Scope::Profile, section) => {
            format!("in a profile, [{}]", join("profiles.NAME", section))
        }
        (_, "") => "at the top level".to_owned(),
        (Scope::Either, section) => format!("in [{section}]"),
        (_, section) => format!("in [{section}], outside of profiles"),
    }
}

fn join(section: &str, name: &str) -> String {
    match (section, name) {
        ("", name) => name.to_owned(),
        (section, "") => section.to_owned(),
        (section, name) => format!("{section}.{name}"),
    }
}

fn same_line(one: &Place, other: &Place) -> bool {
    match (one, other) {
        (Place::File { line: one, .. }, Place::File { line: other, .. }) => one == other,
        _ => false,
    }
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self(std::iter::once(0).chain(breaks.map(|(offset, _)| offset + 1)).collect())
    }

    /// The line of a byte, counted from 1.
    fn line(&self, offset: usize) -> usize {
        self.0.partition_point(|start| *start <= offset)
    }

    /// The line of a byte, and the column in characters, both counted from 1.
    fn position(&self, text: &str, offset: usize) -> (usize, usize) {
        let line = self.line(offset);
        let start = self.0.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = text.get(start..offset.min(text.len())).unwrap_or("");
        (line, before.chars().count() + 1)
    }
}
