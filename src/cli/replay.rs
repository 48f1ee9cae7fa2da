//! A recording, played again.

use std::path::Path;

use super::args::Args;
use super::{CliError, output, start};
use crate::runtime::replay::{Player, Recording, play};
use crate::runtime::snapshot;
use crate::ui::theme::Theme;

pub(super) fn run(args: &Args, file: &Path, at: Option<usize>) -> Result<u8, CliError> {
    let recording = Recording::read(file).map_err(CliError::of)?;
    let (loaded, paths) = start::settings(&args.settings)?;
    let dressed = start::dress(args, &loaded, &paths);
    let setting = start::setting(&loaded, &dressed);
    let folders = dressed.appearance.folders.clone();
    let depth = dressed.appearance.depth;
    let theme_of =
        |name: &str| folders.theme(name, depth).map_or_else(|_| Theme::default(), |t| t.value);
    let mut player = Player::new(recording, setting, dressed.keymap);
    if let Some(at) = at {
        player.go(at);
        let buffer = player.frame(&theme_of(player.theme()));
        output::say(&snapshot::print(&buffer, args.snapshot.format));
        return Ok(0);
    }
    play(player, theme_of, dressed.appearance.mouse).map_err(CliError::of)?;
    Ok(0)
}
