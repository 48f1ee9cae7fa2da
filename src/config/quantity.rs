//! Amounts with units: numbers of bytes and spans of time.
//!
//! Whole numbers only, no signs, no sums: what is written is what is meant.

use std::fmt;
use std::time::Duration;

use super::error::quote;

const BYTE_UNITS: &[(&str, u64)] = &[
    ("B", 1),
    ("kB", 1_000),
    ("KiB", 1 << 10),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("TB", 1_000_000_000_000),
    ("TiB", 1 << 40),
];

const TIME_UNITS: &[(&str, u64)] =
    &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct ByteSize(pub u64);

impl fmt::Display for ByteSize {
    /// The largest unit of 1024 that loses nothing: `64MiB`, `1500`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let binary = BYTE_UNITS.iter().rev().filter(|(name, _)| name.ends_with("iB"));
        for (name, unit) in binary {
            if self.0 >= *unit && self.0.is_multiple_of(*unit) {
                return out.pad(&format!("{}{name}", self.0 / unit));
            }
        }
        out.pad(&self.0.to_string())
    }
}

/// Why an amount can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// It does not begin with a whole number.
    #[error("{} does not begin with a whole number", quote(.0))]
    NoNumber(String),
    /// Its unit is none of ours.
    #[error("{} is not a unit, the units are {units}", quote(unit))]
    UnknownUnit {
        /// The unit as written.
        unit: String,
        /// The units there are, with commas.
        units: String,
    },
    /// A span of time without a unit.
    #[error("{} needs a unit, such as \"10s\"", quote(.0))]
    NoUnit(String),
    /// It exceeds 64 bits.
    #[error("{} is too large", quote(.0))]
    TooLarge(String),
}

/// Reads a number of bytes: `67108864`, `64MiB`, `10 GB`. Case of the unit is ignored.
///
/// # Errors
/// When it is no whole number, has another unit, or exceeds 64 bits.
pub fn parse_size(text: &str) -> Result<ByteSize, QuantityError> {
    let (number, unit) = split(text)?;
    if unit.is_empty() {
        return Ok(ByteSize(number));
    }
    scale(text, number, unit, BYTE_UNITS).map(ByteSize)
}

/// Reads a span of time: `500ms`, `10s`, `5m`, `26h`, `7d`. A unit is required.
///
/// # Errors
/// When it is no whole number, has no or another unit, or exceeds 64 bits of milliseconds.
pub fn parse_duration(text: &str) -> Result<Duration, QuantityError> {
    let (number, unit) = split(text)?;
    if unit.is_empty() {
        return Err(QuantityError::NoUnit(text.to_owned()));
    }
    scale(text, number, unit, TIME_UNITS).map(Duration::from_millis)
}

fn split(text: &str) -> Result<(u64, &str), QuantityError> {
    let trimmed = text.trim();
    let end = trimmed.find(|char: char| !char.is_ascii_digit()).unwrap_or(trimmed.len());
    let (digits, unit) = trimmed.split_at(end);
    if digits.is_empty() {
        return Err(QuantityError::NoNumber(text.to_owned()));
    }
    let number = digits.parse().map_err(|_| QuantityError::TooLarge(text.to_owned()))?;
    Ok((number, unit.trim_start()))
}

fn scale(text: &str, number: u64, unit: &str, units: &[(&str, u64)]) -> Result<u64, QuantityError> {
    let Some((_, factor)) = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit)) else {
        let names: Vec<_> = units.iter().map(|(name, _)| *name).collect();
        return Err(QuantityError::UnknownUnit { unit: unit.to_owned(), units: names.join(", ") });
    };
    number.checked_mul(*factor).ok_or_else(|| QuantityError::TooLarge(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, expected) in [
            ("0", Ok(0)),
            ("67108864", Ok(67_108_864)),
            ("64MiB", Ok(67_108_864)),
            (" 10 GB ", Ok(10_000_000_000)),
            ("3kib", Ok(3072)),
            ("", Err("\"\" does not begin with a whole number")),
            ("-1", Err("\"-1\" does not begin with a whole number")),
            (
                "64Mx",
                Err("\"Mx\" is not a unit, the units are B, kB, KiB, MB, MiB, GB, GiB, TB, TiB"),
            ),
            (
                "1.5GB",
                Err("\".5GB\" is not a unit, the units are B, kB, KiB, MB, MiB, GB, GiB, TB, TiB"),
            ),
            ("99999999999999999999", Err("\"99999999999999999999\" is too large")),
            ("99999999999 TiB", Err("\"99999999999 TiB\" is too large")),
        ] {
            let read = parse_size(text).map(|size| size.0).map_err(|error| error.to_string());
            assert_eq!(read, expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn durations() {
        for (text, expected) in [
            ("500ms", Ok(500)),
            ("10s", Ok(10_000)),
            ("26 h", Ok(93_600_000)),
            ("7d", Ok(604_800_000)),
            ("10", Err("\"10\" needs a unit, such as \"10s\"")),
            ("s", Err("\"s\" does not begin with a whole number")),
            ("5y", Err("\"y\" is not a unit, the units are ms, s, m, h, d")),
            ("999999999999999999d", Err("\"999999999999999999d\" is too large")),
        ] {
            let read = parse_duration(text)
                .map(|span| u64::try_from(span.as_millis()).unwrap())
                .map_err(|error| error.to_string());
            assert_eq!(read, expected.map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_size_is_shown_so_that_it_reads_back() {
        for (bytes, shown) in [(0, "0"), (1500, "1500"), (1 << 26, "64MiB"), (5 << 30, "5GiB")] {
            assert_eq!(ByteSize(bytes).to_string(), shown);
            assert_eq!(parse_size(shown), Ok(ByteSize(bytes)));
        }
    }
}
