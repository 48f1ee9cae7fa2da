//! Lines out of a stream of bytes.

/// Cuts bytes into lines, keeping no more than one line that isn't complete.
#[derive(Debug, Default)]
pub(super) struct Lines {
    buffer: Vec<u8>,
    /// Where the next line begins.
    start: usize,
    /// Up to here no line ends.
    seen: usize,
}

/// A line is longer than [`Lines::LONGEST`].
#[derive(Debug, thiserror::Error)]
#[error("one line of the watch is longer than {} MiB", Lines::LONGEST / 1024 / 1024)]
pub(super) struct TooLong;

impl Lines {
    /// The longest line, in bytes: the API server's own limit for an object is 3 MiB at most.
    pub(super) const LONGEST: usize = 8 * 1024 * 1024;

    /// Takes in `bytes`.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.seen -= self.start;
            self.start = 0;
        }
        if self.buffer.len() + bytes.len() > Self::LONGEST {
            return Err(TooLong);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    /// The next complete line, without its end.
    pub(super) fn next(&mut self) -> Option<&[u8]> {
        let rest = self.buffer.get(self.seen..)?;
        let Some(length) = rest.iter().position(|byte| *byte == b'\n') else {
            self.seen = self.buffer.len();
            return None;
        };
        let (start, end) = (self.start, self.seen + length);
        self.start = end + 1;
        self.seen = self.start;
        self.buffer.get(start..end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(lines: &mut Lines, into: &mut Vec<Vec<u8>>) {
        while let Some(line) = lines.next() {
            into.push(line.to_vec());
        }
    }

    #[test]
    fn a_line_without_an_end_is_bounded() {
        let mut lines = Lines::default();
        let part = vec![b'x'; 1024 * 1024];
        let taken = (0..100)
            .take_while(|_| lines.push(&part).is_ok() && lines.next().is_none())
            .count();
        assert_eq!(taken, Lines::LONGEST / part.len());
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_how_bytes_come(
            parts in prop::collection::vec(prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..20), 0..20)
        ) {
            let whole: Vec<u8> = parts.concat();
            let mut expected: Vec<Vec<u8>> = whole.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            expected.pop();
            let (mut lines, mut seen) = (Lines::default(), Vec::new());
            for part in &parts {
                lines.push(part).expect("short");
                all(&mut lines, &mut seen);
            }
            prop_assert_eq!(seen, expected);
        }
    }
}
