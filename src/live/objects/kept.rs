//! What was seen of a bucket, kept in a file between two runs.
//!
//! The first line says which bucket it is of and when it was listed, each further line is a shelf, the last one says that
//! the file is whole. It is written beside its place and then moved there. A file that is broken, of another version or of
//! another bucket is left alone and read as nothing: it can be made again.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::domain::{Shelf, Timestamp};

/// Grows when the lines mean something else.
const VERSION: u32 = 1;
/// The largest file that is read or written.
const BYTES_MAX: u64 = 256 << 20;
/// The longest line: a shelf with as many copies as one may have.
const LINE_MAX: u64 = 4 << 20;

/// Which listing a file is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    version: u32,
    endpoint: String,
    bucket: String,
    platform_prefix: Option<String>,
    /// When the listing was complete.
    pub listed: Timestamp,
}

impl Head {
    /// The listing of `bucket` at `endpoint` that was complete at `listed`.
    #[must_use]
    pub fn new(
        endpoint: &str,
        bucket: &str,
        platform_prefix: Option<&str>,
        listed: Timestamp,
    ) -> Self {
        Self {
            version: VERSION,
            endpoint: endpoint.to_owned(),
            bucket: bucket.to_owned(),
            platform_prefix: platform_prefix.map(str::to_owned),
            listed,
        }
    }

    /// Whether both are of the same bucket, whenever it was listed.
    fn is_of_same(&self, other: &Self) -> bool {
        Self { listed: other.listed, ..self.clone() } == *other
    }
}

/// The last line: how many shelves there are.
#[derive(Serialize, Deserialize)]
struct Tail {
    shelves: usize,
}

/// Why a file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum KeptError {
    /// It can't be read or written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// A line is not what it should be.
    #[error("line {line} is broken: {why}")]
    Broken {
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
    /// It is of another version or bucket.
    #[error("it is of another bucket or version of the console")]
    Other,
    /// It was not written to its end.
    #[error("it ends in the middle")]
    Cut,
    /// It is larger than any such file.
    #[error("it is larger than {BYTES_MAX} bytes")]
    TooLarge,
}

/// Writes `shelves` in place of what is at `path`.
///
/// # Errors
/// When it can't be written; what was there stays.
pub fn write(path: &Path, head: &Head, shelves: &[Arc<Shelf>]) -> Result<(), KeptError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut new = NamedTempFile::new_in(folder)?;
    fill(new.as_file_mut(), head, shelves)?;
    new.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn fill(file: &mut File, head: &Head, shelves: &[Arc<Shelf>]) -> Result<(), KeptError> {
    let mut out = BufWriter::new(file);
    let mut size = 0_u64;
    let mut line = |out: &mut BufWriter<&mut File>, text: String| -> Result<(), KeptError> {
        size = size.saturating_add(text.len() as u64 + 1);
        if size > BYTES_MAX {
            return Err(KeptError::TooLarge);
        }
        out.write_all(text.as_bytes())?;
        Ok(out.write_all(b"\n")?)
    };
    line(&mut out, json(head)?)?;
    for shelf in shelves {
        line(&mut out, json(&**shelf)?)?;
    }
    line(&mut out, json(&Tail { shelves: shelves.len() })?)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok(())
}

fn json(value: &impl Serialize) -> Result<String, KeptError> {
    serde_json::to_string(value).map_err(|error| KeptError::Io(error.into()))
}

/// Reads what is kept at `path` of the bucket that `wanted` is of: when it was listed, and the shelves.
///
/// # Errors
/// When there is no file, or none that can be used.
pub fn read(path: &Path, wanted: &Head) -> Result<(Timestamp, Vec<Arc<Shelf>>), KeptError> {
    let file = File::open(path)?;
    if file.metadata()?.len() > BYTES_MAX {
        return Err(KeptError::TooLarge);
    }
    let mut lines = Lines { input: BufReader::new(file), line: 0, buffer: Vec::new() };
    let head: Head = lines.next()?.ok_or(KeptError::Cut)?;
    if !head.is_of_same(wanted) {
        return Err(KeptError::Other);
    }
    let mut shelves = Vec::new();
    loop {
        match lines.next::<Line>()? {
            Some(Line::Shelf(shelf)) => shelves.push(Arc::new(shelf)),
            Some(Line::Tail(tail)) if tail.shelves == shelves.len() => {
                return Ok((head.listed, shelves));
            }
            Some(Line::Tail(_)) | None => return Err(KeptError::Cut),
        }
    }
}

/// A line after the first.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Tail(Tail),
    Shelf(Shelf),
}

struct Lines {
    input: BufReader<File>,
    line: usize,
    buffer: Vec<u8>,
}

impl Lines {
    fn next<T: for<'de> Deserialize<'de>>(&mut self) -> Result<Option<T>, KeptError> {
        self.line += 1;
        self.buffer.clear();
        (&mut self.input).take(LINE_MAX).read_until(b'\n', &mut self.buffer)?;
        if self.buffer.is_empty() {
            return Ok(None);
        }
        let broken = |error: serde_json::Error| KeptError::Broken {
            line: self.line,
            why: error.to_string(),
        };
        serde_json::from_slice(&self.buffer).map(Some).map_err(broken)
    }
}
