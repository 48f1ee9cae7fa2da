//! Lines out of the bytes of a log, each cut off at a bound: a container may write without ever ending a line.

/// The most bytes kept of one line.
pub(super) const LONGEST: usize = 16 * 1024;

/// One line, as far as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cut {
    /// Its beginning.
    pub(super) bytes: Vec<u8>,
    /// How many bytes more it had.
    pub(super) more: usize,
}

/// Cuts bytes into lines.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    line: Cut,
}

impl Cutter {
    /// Takes in `bytes`; the lines that they complete are added to `lines`.
    pub(super) fn push(&mut self, bytes: &[u8], lines: &mut Vec<Cut>) {
        let mut parts = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            let room = LONGEST - self.line.bytes.len().min(LONGEST);
            let kept = part.get(..room.min(part.len())).unwrap_or_default();
            self.line.bytes.extend_from_slice(kept);
            self.line.more += part.len() - kept.len();
            if parts.peek().is_some() {
                lines.push(std::mem::take(&mut self.line));
            }
        }
    }

    /// What came after the last end of a line.
    pub(super) fn rest(self) -> Option<Cut> {
        (!self.line.bytes.is_empty()).then_some(self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_however_they_come_and_long_ones_are_cut() {
        let mut lines = Vec::new();
        let mut cutter = Cutter::default();
        for part in ["one\ntw", "o", "\n\nthree"] {
            cutter.push(part.as_bytes(), &mut lines);
        }
        let texts: Vec<&[u8]> = lines.iter().map(|line| line.bytes.as_slice()).collect();
        assert_eq!(texts, [b"one".as_slice(), b"two", b""]);
        assert_eq!(cutter.rest().map(|rest| rest.bytes), Some(b"three".to_vec()));

        let (mut lines, mut cutter) = (Vec::new(), Cutter::default());
        for _ in 0..100 {
            cutter.push(&[b'x'; 1000], &mut lines);
            assert!(cutter.line.bytes.len() <= LONGEST);
        }
        cutter.push(b"\nnext\n", &mut lines);
        assert_eq!((lines[0].bytes.len(), lines[0].more), (LONGEST, 100_000 - LONGEST));
        assert_eq!(lines[1].bytes, b"next");
        assert_eq!(cutter.rest(), None);
    }
}
