//! Reading of files and pipes with a bound, so that no path can hang the console or fill it.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use secrecy::zeroize::Zeroizing;

/// Why a file gave no bytes.
#[derive(Debug)]
pub(super) enum ReadFault {
    /// It does not exist.
    Missing,
    /// It is a folder, a device or a pipe.
    NotRegular,
    /// It is larger than the bound.
    TooLarge,
    /// The system refused.
    Io(io::Error),
}

impl From<io::Error> for ReadFault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Io(error),
        }
    }
}

/// Opens a regular file; the metadata is that of the opened file, not of a path that may move.
pub(super) fn open_regular(path: &Path) -> Result<(File, Metadata), ReadFault> {
    // Without this a pipe would block the opening until somebody writes to it.
    let nonblocking = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file() { Ok((file, metadata)) } else { Err(ReadFault::NotRegular) }
}

/// Reads to the end, at most `limit` bytes. The buffer is allocated once and wiped when dropped.
pub(super) fn read_bounded(
    source: impl Read,
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, ReadFault> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit + 1));
    source.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit { Err(ReadFault::TooLarge) } else { Ok(bytes) }
}
