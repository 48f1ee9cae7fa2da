//! The program's own source, read as text: which files there are, and their code without comments, without what
//! stands in literals, and without what is compiled for tests only.
//!
//! It is no parser. It knows just enough of the language to say that a word stands in the program.

use std::path::{Path, PathBuf};

/// One file of the source.
pub(crate) struct Source {
    /// Its path below `src`, with slashes.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
    /// Its code: the text with comments, literals and test code blanked, byte for byte as long.
    pub(crate) code: String,
}

impl Source {
    /// A file at `path` that holds `text`.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let code = without_tests(&without_words(text));
        Self { path: path.to_owned(), text: text.to_owned(), code }
    }

    /// The layer it belongs to; empty for the library's and the program's own file.
    pub(crate) fn layer(&self) -> &str {
        self.path.split_once('/').map_or("", |(layer, _)| layer)
    }

    /// How many modules it stands below the crate's root.
    pub(crate) fn depth(&self) -> usize {
        let parts = self.path.split('/').count();
        if self.path.ends_with("/mod.rs") { parts - 1 } else { parts }
    }

    /// The line, counted from one, of the byte at `at`.
    pub(crate) fn line(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }

    /// Where `word` stands in the code, as a whole word or path.
    pub(crate) fn places(&self, word: &str) -> Vec<usize> {
        places(&self.code, word)
    }

    /// The paths that its `use` lines bring in, each written out, with the place of the line.
    pub(crate) fn imports(&self) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        for at in self.places("use") {
            let rest = &self.code[at + 3..];
            let tree = &rest[..rest.find(';').unwrap_or(rest.len())];
            let mut paths = Vec::new();
            expand("", tree, &mut paths);
            found.extend(paths.into_iter().map(|path| (at, path)));
        }
        found
    }

    /// The places where it names `path`, written out or brought in by a `use` with braces.
    pub(crate) fn names(&self, path: &str) -> Vec<usize> {
        let mut found = self.places(path);
        let imports = self.imports().into_iter();
        found.extend(
            imports.filter(|(_, import)| !places(import, path).is_empty()).map(|(at, _)| at),
        );
        // Written out within a `use`, it would count twice.
        found.sort_unstable();
        found.dedup_by_key(|at| self.line(*at));
        found
    }

    /// The text between the quotes of the literal that begins at or after `at`.
    pub(crate) fn literal(&self, at: usize) -> Option<&str> {
        let from = at + self.text[at..].find('"')? + 1;
        Some(&self.text[from..from + self.text[from..].find('"')?])
    }
}

/// The files of the program, without those that only tests are made of.
pub(crate) fn program() -> Vec<Source> {
    let all = every_file();
    let tests: Vec<PathBuf> = all.iter().flat_map(test_files).collect();
    all.into_iter()
        .filter(|source| !tests.iter().any(|test| Path::new(&source.path).starts_with(test)))
        .collect()
}

/// Every file below `src`.
pub(crate) fn every_file() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut found) = (vec![root.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of the source") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("a file of the source");
                let below = path.strip_prefix(&root).expect("a path below src");
                found.push(Source::new(&below.to_string_lossy().replace('\\', "/"), &text));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// The files and folders that `source` brings in for tests only.
fn test_files(source: &Source) -> Vec<PathBuf> {
    let code = without_words(&source.text);
    let own = Path::new(&source.path);
    let folder = own.parent().expect("a folder");
    let is_root = own.file_name().is_some_and(|name| name == "mod.rs" || name == "lib.rs");
    let modules = if is_root { folder.to_owned() } else { own.with_extension("") };
    let mut found = Vec::new();
    for (from, to) in test_items(&code) {
        let item = &code[from..to];
        let Some(at) = places(item, "mod").first().copied() else { continue };
        let Some(name) = item[at + 3..].trim().strip_suffix(';') else { continue };
        if let Some(path) = places(item, "path").first() {
            let file = source.literal(from + path).expect("the path of a module");
            found.push(folder.join(file));
        } else {
            found.push(modules.join(format!("{name}.rs")));
            found.push(modules.join(name));
        }
    }
    found
}

/// `code` with what is compiled for tests only blanked.
fn without_tests(code: &str) -> String {
    let mut out = code.as_bytes().to_vec();
    for (from, to) in test_items(code) {
        blank(&mut out[from..to]);
    }
    String::from_utf8(out).expect("only spaces were written")
}

/// Where items that are compiled for tests only begin and end.
fn test_items(code: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for sign in ["#[cfg(test)]", "#[cfg(all(test"] {
        for (from, _) in code.match_indices(sign) {
            let mut at = from;
            // The attribute itself, and those after it.
            while code[at..].trim_start().starts_with("#[") {
                at += code[at..].find(']').expect("the end of an attribute") + 1;
            }
            let ends = code[at..].find([';', '{']).expect("an item") + at;
            let end = if code.as_bytes()[ends] == b';' { ends } else { closing(code, ends) };
            found.push((from, end + 1));
        }
    }
    found
}

/// Where the brace that opens at `open` is closed.
pub(crate) fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    panic!("a brace is never closed");
}

/// `text` with comments and what stands in literals blanked.
fn without_words(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text.as_bytes()[at..];
        let end = match rest {
            [b'/', b'/', ..] => at + rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()),
            [b'/', b'*', ..] => end_of_comment(bytes, at),
            [b'r', b'"' | b'#', ..] if !is_word_before(bytes, at) => end_of_raw(bytes, at),
            [b'"', ..] => end_of_quoted(bytes, at + 1, b'"'),
            [b'\'', ..] if is_char(rest) => end_of_quoted(bytes, at + 1, b'\''),
            _ => {
                at += 1;
                continue;
            }
        };
        blank(&mut out[at..end]);
        if matches!(rest[0], b'"' | b'r') && end > at + 1 {
            // The quotes stay, so that a call still has its argument.
            (out[at], out[end - 1]) = (b'"', b'"');
        }
        at = end;
    }
    String::from_utf8(out).expect("only whole literals are blanked")
}

fn blank(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|byte| **byte != b'\n').for_each(|byte| *byte = b' ');
}

fn is_word_before(bytes: &[u8], at: usize) -> bool {
    // `br"…"` is a raw literal too.
    let before = at.checked_sub(1).map(|at| bytes[at]);
    before.is_some_and(|b| (b.is_ascii_alphanumeric() && b != b'b') || b == b'_')
}

/// Whether a quote begins a character and not a lifetime.
fn is_char(rest: &[u8]) -> bool {
    match rest {
        [_, b'\\', ..] | [_, _, b'\'', ..] => true,
        [_, first, ..] => !first.is_ascii(),
        _ => false,
    }
}

fn end_of_comment(bytes: &[u8], from: usize) -> usize {
    let (mut depth, mut at) = (0, from);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    bytes.len()
}

/// The end of the raw literal at `from`; the next byte when it is a raw name.
fn end_of_raw(bytes: &[u8], from: usize) -> usize {
    let hashes = bytes[from + 1..].iter().take_while(|b| **b == b'#').count();
    let open = from + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return from + 1;
    }
    let mut close = vec![b'"'];
    close.extend(std::iter::repeat_n(b'#', hashes));
    let found = bytes[open + 1..].windows(close.len()).position(|window| window == close);
    found.map_or(bytes.len(), |at| open + 1 + at + close.len())
}

fn end_of_quoted(bytes: &[u8], from: usize, quote: u8) -> usize {
    let mut at = from;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// Where `word` stands in `code` with no part of a word beside it.
fn places(code: &str, word: &str) -> Vec<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word)
        .map(|(at, _)| at)
        .filter(|at| {
            let before = code[..*at].chars().next_back();
            let after = code[at + word.len()..].chars().next();
            let begins = before.is_some_and(is_part) && word.starts_with(is_part);
            let goes_on = after.is_some_and(is_part) && word.ends_with(is_part);
            !begins && !goes_on
        })
        .collect()
}

/// Writes out the paths of a `use` tree.
fn expand(base: &str, tree: &str, out: &mut Vec<String>) {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let name = tree.split(" as ").next().unwrap_or(tree).trim();
        out.push(format!("{base}{name}"));
        return;
    };
    let base = format!("{base}{}", tree[..open].trim());
    let inner = &tree[open + 1..tree.rfind('}').unwrap_or(tree.len())];
    let (mut depth, mut from) = (0_usize, 0);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&base, &inner[from..at], out);
                from = at + 1;
            }
            _ => {}
        }
    }
    if !inner[from..].trim().is_empty() {
        expand(&base, &inner[from..], out);
    }
}
