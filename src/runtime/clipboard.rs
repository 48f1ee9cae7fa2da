//! Copying into the clipboard of the terminal the operator sits at, by OSC 52.
//!
//! It works over SSH because the terminal does it; whether the terminal allowed it can't be known. Nothing
//! is ever read from the clipboard.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The most bytes of text that are copied. Many terminals drop a sequence over 100 000 bytes whole, and
/// base64 makes four of three.
pub const CLIPBOARD_BYTES_MAX: usize = 74_994;

/// What became of a text to copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// Bytes of the text that were handed to the terminal.
    pub bytes: usize,
    /// Whether the text was longer than that.
    pub cut: bool,
}

/// The sequence that copies `text`, cut to [`CLIPBOARD_BYTES_MAX`] at a character.
///
/// Under tmux it is sent twice. tmux takes the plain form only with `set-clipboard on` (the default
/// `external` ignores programs), and the wrapped form only with `allow-passthrough` (always before 3.3);
/// either setting alone is common, and setting the same clipboard twice does no harm.
#[must_use]
pub(super) fn copy_sequence(text: &str, tmux: bool) -> (Vec<u8>, Copied) {
    let end = text.floor_char_boundary(CLIPBOARD_BYTES_MAX);
    let kept = text.get(..end).unwrap_or_default();
    let plain = format!("\x1b]52;c;{}\x07", STANDARD.encode(kept));
    let copied = Copied { bytes: kept.len(), cut: kept.len() < text.len() };
    let bytes = if tmux { format!("{plain}\x1bPtmux;\x1b{plain}\x1b\\") } else { plain };
    (bytes.into_bytes(), copied)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_encoded_and_wrapped_for_tmux() {
        for (text, tmux, expected) in [
            ("acme", false, "\x1b]52;c;YWNtZQ==\x07"),
            ("", false, "\x1b]52;c;\x07"),
            ("\x1b]0;x\x07", false, "\x1b]52;c;G10wO3gH\x07"),
            ("acme", true, "\x1b]52;c;YWNtZQ==\x07\x1bPtmux;\x1b\x1b]52;c;YWNtZQ==\x07\x1b\\"),
        ] {
            let (bytes, copied) = copy_sequence(text, tmux);
            assert_eq!(String::from_utf8(bytes).expect("ASCII"), expected);
            assert_eq!(copied, Copied { bytes: text.len(), cut: false });
        }
    }

    #[test]
    fn a_long_text_is_cut_at_a_character_and_the_sequence_stays_under_the_limit() {
        let text = "я".repeat(CLIPBOARD_BYTES_MAX);
        let (bytes, copied) = copy_sequence(&text, false);
        assert!(
            copied.cut && copied.bytes <= CLIPBOARD_BYTES_MAX && copied.bytes.is_multiple_of(2)
        );
        assert!(bytes.len() <= 100_000, "{} bytes", bytes.len());
    }
}
