//! The grammar in a few lines, for the page of help.

use std::fmt::Write as _;

/// A filter as it may be written, and what it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// The filter.
    pub written: &'static str,
    /// The rows it keeps.
    pub keeps: &'static str,
}

const fn example(written: &'static str, keeps: &'static str) -> Example {
    Example { written, keeps }
}

/// Every form of the grammar once.
pub const EXAMPLES: [Example; 13] = [
    example("acme", "a searched column is close to the word"),
    example("\"pool timeout\"", "a searched column holds exactly this, in any case"),
    example("/^acme-\\d+/", "a searched column matches; an upper-case letter makes case count"),
    example("tier:pro", "the column holds the text; tier:\"two words\" and tier:/re/ work too"),
    example("backup:", "the column has any value"),
    example("tier=pro", "the column is exactly this, in any case"),
    example("age>26h", "older than 26 hours; units s m h d w y, as in 2d4h"),
    example("size>=10GB", "at least this size; GB is 1000³ bytes, GiB is 1024³"),
    example("restarts>=5", "at least so many"),
    example(
        "health<=degraded",
        "degraded or worse; worst first: failed degraded progressing unknown healthy",
    ),
    example("!acme", "all that acme leaves out; not acme says the same"),
    example("acme tier:pro", "both; and, && say the same"),
    example("(acme or beta) age<1h", "one of two, and young; || is or; or binds loosest"),
];

/// The examples in lines of two columns, and a line on the names of columns.
#[must_use]
pub fn help() -> String {
    let widest = EXAMPLES.iter().map(|example| example.written.chars().count()).max().unwrap_or(0);
    let mut page = String::new();
    for Example { written, keeps } in EXAMPLES {
        // Writing to a String can't fail.
        let _ = writeln!(page, "{written:widest$}  {keeps}");
    }
    page.push_str("Names of columns may be shortened while only one fits: heal<=degraded.\n");
    page
}
