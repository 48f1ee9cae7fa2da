//! The layer from outside: files in, settings or whole messages out.

mod loading;
mod pages;
mod refusals;
mod secrets;

use std::path::PathBuf;

use tempfile::TempDir;

use super::{ConfigError, Loaded, Paths, Sources, load};

/// A home of its own for a case, with or without a settings file.
struct Case {
    folder: TempDir,
    sources: Sources,
}

impl Case {
    fn without_file() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let paths = Paths::below(folder.path());
        std::fs::create_dir_all(paths.config_file().parent().unwrap()).unwrap();
        let env = std::iter::empty::<(String, String)>().collect();
        let sources = Sources { file: None, env, flags: Vec::new(), paths };
        Self { folder, sources }
    }

    fn with(text: impl AsRef<[u8]>) -> Self {
        let case = Self::without_file();
        std::fs::write(case.file(), text).unwrap();
        case
    }

    fn env(mut self, pairs: &[(&str, &str)]) -> Self {
        self.sources.env = pairs.iter().copied().collect();
        self
    }

    fn flags(mut self, pairs: &[(&str, &str)]) -> Self {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        self.sources.flags = pairs.iter().map(owned).collect();
        self
    }

    fn file(&self) -> PathBuf {
        self.sources.paths.config_file()
    }

    fn load(&self) -> Result<Loaded, ConfigError> {
        load(&self.sources)
    }

    /// The settings, where the case must load without a warning.
    fn loaded(&self) -> Loaded {
        let loaded = self.load().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(loaded.warnings, []);
        loaded
    }

    /// The whole message, where the case must be refused; its folder is cut from the paths.
    fn refusal(&self) -> String {
        let error = self.load().expect_err("must be refused");
        self.short(&error.to_string())
    }

    fn short(&self, text: &str) -> String {
        let folder = format!("{}/", self.folder.path().display());
        text.replace(&format!("{folder}config/"), "").replace(&folder, "")
    }
}
