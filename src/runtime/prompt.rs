//! One line asked of whoever sits at the terminal, without the console's screen; a hidden one leaves no trace on it.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers, poll, read};
use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::app::SecretLine;
use crate::domain::Text;
use crate::platform::Secret;

/// How often it is looked whether nobody waits for the line any more.
const LOOK: Duration = Duration::from_millis(100);

/// The terminal's modes, given back when it is let go of.
struct Raw;

impl Raw {
    fn enter() -> io::Result<Self> {
        enable_raw_mode()?;
        Ok(Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // A terminal that is gone needs no modes.
        let _ = disable_raw_mode();
    }
}

/// Asks for a line after `label`; none when it was given up, by ctrl-c or ctrl-d, or because `stop` was set.
///
/// # Errors
/// When the terminal can't be read or written.
pub fn line(label: &str, hidden: bool, stop: &AtomicBool) -> io::Result<Option<Secret>> {
    let raw = Raw::enter()?;
    show(&format!("{label}: "))?;
    let mut line = SecretLine::default();
    let given = loop {
        if stop.load(Ordering::Relaxed) {
            break false;
        }
        if !poll(LOOK)? {
            continue;
        }
        match read()? {
            Event::Key(key) if key.kind == KeyEventKind::Release => {}
            Event::Key(key) => {
                let control = key.modifiers.contains(KeyModifiers::CONTROL);
                match key.code {
                    KeyCode::Enter => break true,
                    KeyCode::Char('j' | 'm') if control => break true,
                    KeyCode::Char('c' | 'd') if control => break false,
                    KeyCode::Esc => break false,
                    _ => {
                        let _ = line.key(key);
                    }
                }
            }
            Event::Paste(text) => line.paste(&text),
            _ => {}
        }
        if !hidden {
            // The whole line anew: what was typed may have been taken back.
            show(&format!("\r\u{1b}[K{label}: {}", Text::clean(line.text())))?;
        }
    };
    drop(raw);
    show("\n")?;
    Ok(given.then(|| line.secret()))
}

fn show(text: &str) -> io::Result<()> {
    let mut out = io::stderr().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
