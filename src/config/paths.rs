//! The folders of the console, by the XDG base directory rules.
//!
//! A pure function of the variables; nothing is created or looked at here. A relative path in an
//! XDG variable is ignored, as the rules say.

use std::path::{Path, PathBuf};

use super::{ConfigError, Environment};

const FOLDER: &str = "pulse-console";

/// Where the console's files belong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    home: Option<PathBuf>,
    config: PathBuf,
    state: PathBuf,
    cache: PathBuf,
}

impl Paths {
    /// The folders for these variables.
    ///
    /// # Errors
    /// When a folder follows neither from its own variable nor from `HOME`.
    pub fn find(environment: &Environment) -> Result<Self, ConfigError> {
        let absolute =
            |name| environment.get(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = absolute("HOME");
        let folder = |variable: &'static str, below_home: &str| {
            absolute(variable)
                .or_else(|| home.as_ref().map(|home| home.join(below_home)))
                .map(|base| base.join(FOLDER))
                .ok_or(ConfigError::NoHome(variable))
        };
        Ok(Self {
            config: folder("XDG_CONFIG_HOME", ".config")?,
            state: folder("XDG_STATE_HOME", ".local/state")?,
            cache: folder("XDG_CACHE_HOME", ".cache")?,
            home,
        })
    }

    /// All folders below one, which also is the home; for a world apart from the operator's own.
    pub fn below(root: &Path) -> Self {
        Self {
            home: Some(root.to_owned()),
            config: root.join("config"),
            state: root.join("state"),
            cache: root.join("cache"),
        }
    }

    /// The home folder, for `~/`.
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// The settings file.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The operator's own themes.
    pub fn themes(&self) -> PathBuf {
        self.config.join("themes")
    }

    /// The operator's own keymaps.
    pub fn keymaps(&self) -> PathBuf {
        self.config.join("keymaps")
    }

    /// The operator's own templates of manifests.
    pub fn manifests(&self) -> PathBuf {
        self.config.join("manifests")
    }

    /// The log, unless `log.file` says otherwise.
    pub fn log_file(&self) -> PathBuf {
        self.state.join("console.log")
    }

    /// Places in the event stream, one per profile and operator.
    pub fn cursors(&self) -> PathBuf {
        self.state.join("cursors")
    }

    /// Recordings of messages.
    pub fn recordings(&self) -> PathBuf {
        self.state.join("recordings")
    }

    /// What was announced of consoles that were opened without signing in.
    pub fn trail(&self) -> PathBuf {
        self.state.join("trail.jsonl")
    }

    /// Events that the operator saved.
    pub fn saved(&self) -> PathBuf {
        self.state.join("saved")
    }

    /// Operations as they were seen last, one folder for each profile.
    pub fn mirrors(&self) -> PathBuf {
        self.state.join("mirror")
    }

    /// What can be made again.
    pub fn cache(&self) -> &Path {
        &self.cache
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_and_log(pairs: &[(&str, &str)]) -> Result<String, String> {
        let environment = pairs.iter().copied().collect();
        let paths = Paths::find(&environment).map_err(|error| error.to_string())?;
        let shown = [paths.config_file(), paths.log_file(), paths.cache().to_owned()];
        Ok(shown.map(|path| path.display().to_string()).join(" "))
    }

    #[test]
    fn folders_follow_from_the_variables() {
        let from_home = "/h/.config/pulse-console/config.toml \
                         /h/.local/state/pulse-console/console.log /h/.cache/pulse-console";
        let from_xdg = "/c/pulse-console/config.toml /s/pulse-console/console.log /k/pulse-console";
        let xdg = [("XDG_CONFIG_HOME", "/c"), ("XDG_STATE_HOME", "/s"), ("XDG_CACHE_HOME", "/k")];
        assert_eq!(config_and_log(&[("HOME", "/h")]).as_deref(), Ok(from_home));
        assert_eq!(config_and_log(&xdg).as_deref(), Ok(from_xdg));
        let relative = [("HOME", "/h"), ("XDG_CONFIG_HOME", "c"), ("XDG_STATE_HOME", "")];
        assert_eq!(config_and_log(&relative).as_deref(), Ok(from_home));
        let nowhere = "Neither XDG_CONFIG_HOME nor HOME is set to an absolute path, \
                       so there is no place for files. Set one of them.";
        assert_eq!(config_and_log(&[("HOME", "h")]), Err(nowhere.to_owned()));
    }
}
