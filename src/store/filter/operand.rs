//! What cells are compared with, and how: `>=10GB`, `<26h`, `=pro`.

use std::cmp::Ordering;
use std::fmt;
use std::iter::Peekable;

use super::{columns, quoted};
use crate::domain::{Health, Severity, Span, Timestamp};
use crate::store::table::{Column, ColumnKind, Value};

/// A comparison of a cell with an [`Operand`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Same,
    Differs,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Compare {
    /// Every sign, a longer one before the one that it begins with.
    const SIGNS: [(&'static str, Self); 7] = [
        ("!=", Self::Differs),
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Same),
        ("<", Self::Less),
        (">", Self::More),
        ("=", Self::Same),
    ];

    /// The comparison that `text` begins with, and the bytes of its sign.
    pub(super) fn sign_of(text: &str) -> Option<(Self, usize)> {
        Self::SIGNS
            .into_iter()
            .find_map(|(sign, compare)| text.starts_with(sign).then_some((compare, sign.len())))
    }

    /// Whether it holds of a cell that is so ordered against the operand.
    const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Same => order.is_eq(),
            Self::Differs => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

impl fmt::Display for Compare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "=",
            Self::Differs => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
        })
    }
}

/// What a cell is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    /// The letters of a cell; runs of digits are ordered as numbers.
    Text(String),
    Number(u64),
    Bytes(u64),
    /// The age of a point in time.
    Age(Span),
    Health(Health),
}

impl Operand {
    /// Reads `written` as what `column` is compared with, or says what to write.
    pub(super) fn read(column: &Column, compare: Compare, written: &str) -> Result<Self, String> {
        let (id, given) = (column.id, quoted(written));
        match column.kind {
            ColumnKind::Text => Ok(Self::Text(written.to_owned())),
            ColumnKind::Number => written.parse().map(Self::Number).map_err(|_| {
                format!("{given} is no whole number. Compare {id} with one, as in {id}>=5.")
            }),
            ColumnKind::Bytes => bytes(written).map(Self::Bytes).ok_or_else(|| {
                format!(
                    "{given} is no size. Write a number with one of B, kB, MB, GB, TB, KiB, MiB, GiB, \
                     TiB, as in {id}>=10GB."
                )
            }),
            ColumnKind::Time if matches!(compare, Compare::Same | Compare::Differs) => Err(format!(
                "An age never stands still. Compare {id} with < or >, as in {id}>26h (older)."
            )),
            ColumnKind::Time => age(written).map(Self::Age).ok_or_else(|| {
                format!(
                    "{given} is no age. Write numbers with units of s, m, h, d, w or y, as in {id}>26h \
                     or {id}<2d4h."
                )
            }),
            ColumnKind::Health => columns::health(written).map(Self::Health),
        }
    }

    /// Whether `value` at `now` compares so. A missing value only differs.
    pub(super) fn holds(&self, compare: Compare, value: Value<'_>, now: Timestamp) -> bool {
        let order = match (self, value) {
            (Self::Number(n) | Self::Bytes(n), Value::Number(v) | Value::Bytes(v))
            | (Self::Number(n), Value::Ratio(v, _)) => v.cmp(n),
            (Self::Number(n), Value::Permille(v)) => (u64::from(v) / 10).cmp(n),
            (Self::Age(span), Value::At(at) | Value::Clock(at)) => now.since(at).cmp(span),
            (Self::Age(span), Value::Span(v)) => v.cmp(span),
            (Self::Age(span), Value::Until(at) | Value::Ends(at)) => at.since(now).cmp(span),
            (Self::Health(health), Value::Health(v)) => v.cmp(health),
            (Self::Text(text), Value::Text(v)) => natural(v, text),
            // The worse is the more: `severity>=high`.
            (Self::Text(text), Value::Severity(v)) => Severity::of_label(text).cmp(&v),
            _ => return compare == Compare::Differs,
        };
        compare.holds(order)
    }
}

/// Sizes by unit, the largest first; letters in any case.
const BYTE_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

/// Spans by unit in milliseconds, the largest first.
const AGE_UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// A number with an optional fraction at the start of `text`, times the unit that `unit_of` reads after
/// it, and what follows; none when there is none or it's too large.
fn measure(text: &str, unit_of: impl Fn(&str) -> Option<u64>) -> Option<(u64, &str)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at_checked(digits(text))?;
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => {
            rest.split_at_checked(digits(rest)).filter(|(digits, _)| !digits.is_empty())?
        }
        None => ("", rest),
    };
    let end = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
    let (unit, rest) = rest.split_at_checked(end)?;
    let unit = u128::from(unit_of(unit)?);
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let part = if fraction.is_empty() { 0 } else { fraction.parse::<u128>().ok()? };
    let total = whole.parse::<u128>().ok()?.checked_mul(unit)?;
    let total = total.checked_add(part.checked_mul(unit)? / scale)?;
    u64::try_from(total).ok().map(|total| (total, rest))
}

/// Reads a size: `10GB`, `1.5TiB`, `512M`, `4Gi`, `0`.
fn bytes(written: &str) -> Option<u64> {
    let unit_of = |unit: &str| {
        let unit = if unit.is_empty() { "B" } else { unit };
        BYTE_UNITS.into_iter().find_map(|(name, bytes)| {
            let short = name.strip_suffix('B').filter(|short| !short.is_empty());
            let named = name.eq_ignore_ascii_case(unit)
                || short.is_some_and(|short| short.eq_ignore_ascii_case(unit));
            named.then_some(bytes)
        })
    };
    measure(written, unit_of).filter(|(_, rest)| rest.is_empty()).map(|(bytes, _)| bytes)
}

/// Reads a span: `26h`, `2d4h`, `1.5h`, `0`.
pub(super) fn age(written: &str) -> Option<Span> {
    if written == "0" {
        return Some(Span::from_ms(0));
    }
    let unit_of = |unit: &str| {
        AGE_UNITS.into_iter().find_map(|(name, ms)| name.eq_ignore_ascii_case(unit).then_some(ms))
    };
    let (mut total, mut rest) = measure(written, unit_of)?;
    while !rest.is_empty() {
        let (more, after) = measure(rest, unit_of)?;
        total = total.checked_add(more)?;
        rest = after;
    }
    Some(Span::from_ms(total))
}

/// Writes `count` in the largest of `units` that leaves nothing over.
fn write_measure(
    f: &mut fmt::Formatter<'_>,
    count: u64,
    units: &[(&'static str, u64)],
) -> fmt::Result {
    match units.iter().find(|(_, size)| count.is_multiple_of(*size)) {
        Some((unit, size)) if count > 0 => write!(f, "{}{unit}", count / size),
        _ => write!(f, "{count}"),
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => super::pattern::write_value(f, text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Bytes(bytes) => write_measure(f, *bytes, &BYTE_UNITS),
            Self::Age(span) => write_measure(f, span.ms(), &AGE_UNITS),
            Self::Health(health) => write!(f, "{health}"),
        }
    }
}

/// Orders words without case, and the numbers in them by size: `v9` before `V10`. Equal only when the
/// letters are.
fn natural(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (folded(a).peekable(), folded(b).peekable());
    loop {
        let order = match (left.peek(), right.peek()) {
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                number(&mut left).cmp(&number(&mut right))
            }
            (None, None) => return folded(a).cmp(folded(b)),
            _ => left.next().cmp(&right.next()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

/// Takes the run of digits ahead; a number too large to tell is the largest.
fn number<I: Iterator<Item = char>>(chars: &mut Peekable<I>) -> u128 {
    let mut number = 0_u128;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        number = number.saturating_mul(10).saturating_add(u128::from(digit));
        chars.next();
    }
    number
}
