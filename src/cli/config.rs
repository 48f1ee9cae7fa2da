//! The settings, shown and checked.

use super::args::{Args, ConfigCommand};
use super::{CliError, output, start};
use crate::config;

pub(super) fn run(args: &Args, command: &ConfigCommand) -> Result<u8, CliError> {
    let (loaded, paths) = start::settings(&args.settings)?;
    match command {
        ConfigCommand::Show { origin } => {
            output::say(&config::show(&loaded.settings, *origin));
            Ok(0)
        }
        ConfigCommand::Path => {
            let file = loaded.path.clone();
            let read = if file.is_some() { "" } else { "  (not there; the defaults are used)" };
            let file = file.unwrap_or_else(|| paths.config_file());
            output::say(&format!(
                "settings    {}{read}\nthemes      {}\nkey maps    {}\nlog         {}\nrecordings  {}",
                file.display(),
                paths.themes().display(),
                paths.keymaps().display(),
                loaded.settings.log.file.value.display(),
                paths.recordings().display(),
            ));
            Ok(0)
        }
        ConfigCommand::Check => {
            let dressed = start::dress(args, &loaded, &paths);
            dressed.warnings.iter().for_each(|warning| output::complain(warning));
            match (&loaded.path, dressed.warnings.len()) {
                (Some(path), 0) => output::say(&format!("{} is right.", path.display())),
                (None, 0) => output::say("There is no settings file; the defaults are right."),
                (_, 1) => output::say("1 thing looks wrong."),
                (_, count) => output::say(&format!("{count} things look wrong.")),
            }
            Ok(u8::from(!dressed.warnings.is_empty()))
        }
    }
}
