//! The private modes of a terminal, followed through everything that it was sent.

use std::collections::BTreeMap;

/// Modes that are on when a terminal starts: wrapping, and the cursor.
const ON_AT_FIRST: [u16; 2] = [7, 25];

/// How each private mode that was ever switched stands.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Modes(BTreeMap<u16, bool>);

impl Modes {
    /// The modes after `bytes`: `ESC [ ? n ; n h` switches on, the same with `l` off.
    pub fn of(bytes: &[u8]) -> Self {
        let mut modes = Self::default();
        let mut rest = bytes;
        while let Some(start) = rest.windows(3).position(|window| window == b"\x1b[?") {
            rest = &rest[start + 3..];
            let end = rest.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';'));
            let Some(end) = end else { break };
            let on = match rest[end] {
                b'h' => true,
                b'l' => false,
                _ => continue,
            };
            let numbers = std::str::from_utf8(&rest[..end]).expect("digits");
            for number in numbers.split(';').filter_map(|number| number.parse().ok()) {
                modes.0.insert(number, on);
            }
        }
        modes
    }

    /// Whether `mode` was switched at all.
    pub fn knows(&self, mode: u16) -> bool {
        self.0.contains_key(&mode)
    }

    /// The modes that are not as they are when a terminal starts.
    pub fn left_on(&self) -> Vec<String> {
        let differs = |(mode, on): &(&u16, &bool)| **on != ON_AT_FIRST.contains(*mode);
        let say = |(mode, on): (&u16, &bool)| format!("?{mode}{}", if *on { 'h' } else { 'l' });
        self.0.iter().filter(differs).map(say).collect()
    }
}
