//! Reads themes.
//!
//! ```toml
//! inherits = "dark"          # optional
//! [palette]
//! shade = "#26303c"          # or an ANSI name
//! [roles]
//! muted = "bright-black"     # only the colour of the characters
//! cursor = { bg = "shade", bold = true }
//! ```
//!
//! What a role says is its whole look; a role that is not named looks like its fall-back. A colour of
//! the palette also changes the inherited roles that use it. It goes on after a problem, so that all
//! of them are told at once.

use std::collections::BTreeMap;

use ratatui::style::Modifier;

use super::color::{ANSI, DEFAULT, Paint};
use super::depth::Look;
use super::problem::{Placed, ProblemKind, ThemeError, Warning, WarningKind};
use super::role::Role;
use crate::domain::nearest;
use crate::input::document::{BYTES_MAX, Document, Syntax, Value, quote};

/// The most themes that may be inherited, one through the other.
pub const INHERITANCE_MAX: usize = 8;

const MODIFIERS: [(&str, Modifier); 6] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
    ("strike", Modifier::CROSSED_OUT),
];

/// A theme as its files say it, all of them laid over each other.
#[derive(Default)]
pub(super) struct Draft {
    looks: BTreeMap<Role, (Place, Look)>,
    unused: Vec<Warning>,
}

type Place = (String, usize);

/// Reads the theme `name` and those it inherits.
pub(super) fn load(
    name: &str,
    text: &str,
    base: &dyn Fn(&str) -> Option<String>,
) -> Result<Draft, ThemeError> {
    let mut problems = Vec::new();
    let mut files = vec![File::read(name, text, &mut problems)];
    while let Some((line, inherited)) = files.last().and_then(|file| file.inherits.clone()) {
        let kind = if files.iter().any(|file| file.name == inherited) {
            ProblemKind::Loop(quote(&inherited))
        } else if files.len() > INHERITANCE_MAX {
            ProblemKind::TooDeep
        } else if let Some(text) = base(&inherited) {
            files.push(File::read(&inherited, &text, &mut problems));
            continue;
        } else {
            ProblemKind::NoBase(quote(&inherited))
        };
        let file = files.last().map_or(name, |file| &file.name).to_owned();
        problems.push(Placed { file, line: Some(line), kind });
        break;
    }
    let draft = lay_over(&files, &mut problems);
    if problems.is_empty() { Ok(draft) } else { Err(ThemeError::new(problems)) }
}

/// Lays the files over each other, the last below, and looks the colours up.
fn lay_over(files: &[File], problems: &mut Vec<Placed<ProblemKind>>) -> Draft {
    let mut palette: BTreeMap<&str, Paint> = BTreeMap::new();
    let mut written: BTreeMap<Role, (&File, &Written)> = BTreeMap::new();
    for file in files.iter().rev() {
        palette.extend(file.palette.iter().map(|(name, (_, paint))| (name.as_str(), *paint)));
        written.extend(file.roles.iter().map(|(role, look)| (*role, (file, look))));
    }
    let mut draft = Draft::default();
    for (role, (file, look)) in &written {
        let mut color = |wanted: &Option<(usize, String)>| {
            let (line, name) = wanted.as_ref()?;
            let found = palette.get(name.as_str()).copied().or_else(|| Paint::parse(name));
            if found.is_none() {
                let ansi = ANSI.iter().map(|(name, ..)| *name);
                let names = palette.keys().copied().chain(ansi).chain([DEFAULT]);
                let nearest = nearest(name, names).map(str::to_owned);
                let kind = ProblemKind::Color { role: *role, color: quote(name), nearest };
                problems.push(Placed { file: file.name.clone(), line: Some(*line), kind });
            }
            found
        };
        let (fg, bg) = (color(&look.fg), color(&look.bg));
        let place = (file.name.clone(), look.line);
        draft.looks.insert(*role, (place, Look { fg, bg, modifiers: look.modifiers }));
    }
    if let Some(file) = files.first() {
        let used: Vec<&str> = files
            .iter()
            .flat_map(|file| file.roles.values())
            .flat_map(|look| [&look.fg, &look.bg])
            .filter_map(|color| color.as_ref().map(|(_, name)| name.as_str()))
            .collect();
        let unused = file.palette.iter().filter(|(name, _)| !used.contains(&name.as_str()));
        draft.unused.extend(unused.map(|(name, (line, _))| Placed {
            file: file.name.clone(),
            line: Some(*line),
            kind: WarningKind::Unused(quote(name)),
        }));
    }
    draft
}

impl Draft {
    /// How `role` looks: as it is written, or as its fall-back looks.
    pub(super) fn look(&self, role: Role) -> Look {
        let mut at = Some(role);
        while let Some(role) = at {
            if let Some((_, look)) = self.looks.get(&role) {
                return *look;
            }
            at = role.fallback();
        }
        Look::default()
    }

    /// The colour of the whole screen.
    pub(super) fn ground(&self) -> Option<Paint> {
        self.look(Role::Screen).bg
    }

    /// What is doubtful: colours that nothing uses, and characters that are hard to read.
    pub(super) fn warnings(mut self) -> Vec<Warning> {
        let ground = self.ground();
        let text = self.look(Role::Screen).fg.or(self.look(Role::Text).fg);
        let faint = self.looks.iter().filter_map(|(role, ((file, line), look))| {
            let fg = look.fg.or(text)?.exact()?;
            let ratio = fg.contrast(look.bg.or(ground)?.exact()?);
            let min = role.contrast_min();
            let kind = WarningKind::Contrast { role: *role, ratio, min };
            (ratio < min).then(|| Placed { file: file.clone(), line: Some(*line), kind })
        });
        self.unused.extend(faint);
        self.unused.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        self.unused
    }
}

/// What one file says.
#[derive(Default)]
struct File {
    name: String,
    inherits: Option<(usize, String)>,
    palette: BTreeMap<String, (usize, Paint)>,
    roles: BTreeMap<Role, Written>,
    problems: Vec<(usize, ProblemKind)>,
}

/// The look of a role as it is written, with the lines of its colours.
#[derive(Default)]
struct Written {
    line: usize,
    fg: Option<(usize, String)>,
    bg: Option<(usize, String)>,
    modifiers: Modifier,
}

impl File {
    fn read(name: &str, text: &str, problems: &mut Vec<Placed<ProblemKind>>) -> Self {
        let mut file = Self { name: name.to_owned(), ..Self::default() };
        if text.len() > BYTES_MAX {
            let kind = ProblemKind::TooLarge { bytes: text.len(), max: BYTES_MAX };
            problems.push(Placed { file: name.to_owned(), line: None, kind });
            return file;
        }
        match Document::parse(text) {
            Ok(document) => file.sections(&document),
            Err(Syntax { line, message }) => file.problem(line, ProblemKind::Syntax(message)),
        }
        file.problems.sort_by_key(|(line, _)| *line);
        problems.extend(file.problems.drain(..).map(|(line, kind)| Placed {
            file: name.to_owned(),
            line: Some(line),
            kind,
        }));
        file
    }

    fn problem(&mut self, line: usize, kind: ProblemKind) {
        self.problems.push((line, kind));
    }

    fn wrong_type(
        &mut self,
        value: Value<'_, '_>,
        what: impl Into<String>,
        expected: &'static str,
    ) {
        let kind = ProblemKind::Type { what: what.into(), expected, found: value.kind() };
        self.problem(value.line(), kind);
    }

    fn sections(&mut self, document: &Document<'_>) {
        for entry in document.entries() {
            match entry.name {
                "inherits" => match entry.value.text() {
                    Some(name) => self.inherits = Some((entry.line, name.to_owned())),
                    None => self.wrong_type(entry.value, "`inherits`", "the name of a theme"),
                },
                "palette" => self.palette(entry.value),
                "roles" => self.roles(entry.value),
                name => {
                    let nearest = nearest(name, ["inherits", "palette", "roles"]);
                    let known = "`inherits`, [palette] and [roles]";
                    let kind = ProblemKind::Field { name: quote(name), nearest, known };
                    self.problem(entry.line, kind);
                }
            }
        }
    }

    fn palette(&mut self, value: Value<'_, '_>) {
        let Some(entries) = value.entries() else {
            return self.wrong_type(value, "[palette]", "a section of colours");
        };
        for entry in entries {
            let Some(text) = entry.value.text() else {
                self.wrong_type(entry.value, quote(entry.name), "a colour");
                continue;
            };
            if Paint::parse(entry.name).is_some() {
                self.problem(entry.line, ProblemKind::Reserved(quote(entry.name)));
            } else if let Some(paint) = Paint::parse(text) {
                self.palette.insert(entry.name.to_owned(), (entry.line, paint));
            } else {
                let nearest = nearest(text, ANSI.iter().map(|(name, ..)| *name));
                let (name, color) = (quote(entry.name), quote(text));
                self.problem(entry.line, ProblemKind::Palette { name, color, nearest });
                // Its roles are looked up all the same, without a second complaint.
                self.palette.insert(entry.name.to_owned(), (entry.line, Paint::Default));
            }
        }
    }

    fn roles(&mut self, value: Value<'_, '_>) {
        let Some(entries) = value.entries() else {
            return self.wrong_type(value, "[roles]", "a section of roles");
        };
        for entry in entries {
            let Ok(role) = entry.name.parse::<Role>() else {
                let nearest = nearest(entry.name, Role::ALL.iter().map(|role| role.name()));
                let kind = ProblemKind::Role { name: quote(entry.name), nearest };
                self.problem(entry.line, kind);
                continue;
            };
            let mut written = Written { line: entry.line, ..Written::default() };
            if let Some(color) = entry.value.text() {
                written.fg = Some((entry.line, color.to_owned()));
            } else {
                self.look(role, entry.value, &mut written);
            }
            self.roles.insert(role, written);
        }
    }

    fn look(&mut self, role: Role, value: Value<'_, '_>, written: &mut Written) {
        let Some(entries) = value.entries() else {
            return self.wrong_type(
                value,
                role.name(),
                "a colour, or { fg = \"COLOUR\", bold = true }",
            );
        };
        for entry in entries {
            let modifier = MODIFIERS.iter().find(|(name, _)| *name == entry.name);
            match (entry.name, modifier) {
                ("fg" | "bg", _) => {
                    let Some(color) = entry.value.text() else {
                        self.wrong_type(entry.value, format!("`{}`", entry.name), "a colour");
                        continue;
                    };
                    let color = Some((entry.line, color.to_owned()));
                    *(if entry.name == "fg" { &mut written.fg } else { &mut written.bg }) = color;
                }
                (_, Some((name, modifier))) => match entry.value.truth() {
                    Some(on) => written.modifiers.set(*modifier, on),
                    None => self.wrong_type(entry.value, format!("`{name}`"), "true or false"),
                },
                (name, None) => {
                    let modifiers = MODIFIERS.iter().map(|(name, _)| *name);
                    let nearest = nearest(name, modifiers.chain(["fg", "bg"]));
                    let known = "fg, bg, bold, dim, italic, underline, reverse and strike";
                    let kind = ProblemKind::Field { name: quote(name), nearest, known };
                    self.problem(entry.line, kind);
                }
            }
        }
    }
}
