//! Sizes as people read them.

use std::fmt;

/// A size, shown in the largest unit that leaves a digit before the point: `812B`, `4.1KiB`, `12.4MiB`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
        let Self(bytes) = *self;
        if bytes < 1024 {
            return f.pad(&format!("{bytes}B"));
        }
        let mut unit = 0;
        let mut tenths = bytes.saturating_mul(10) / 1024;
        while tenths >= 10_240 && unit + 1 < UNITS.len() {
            tenths /= 1024;
            unit += 1;
        }
        let unit = UNITS.get(unit).copied().unwrap_or_default();
        if tenths >= 1000 {
            f.pad(&format!("{}{unit}", tenths / 10))
        } else {
            f.pad(&format!("{}.{}{unit}", tenths / 10, tenths % 10))
        }
    }
}
