//! Amounts as the API server writes them: `500m`, `48Gi`, `24`, `1e3`.

/// The thousandths of a unit that `raw` stands for; none when it is no amount.
pub(super) fn thousandths(raw: &str) -> Option<u128> {
    let raw = raw.trim();
    let end = raw.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
    let (number, unit) = (raw.get(..end)?, raw.get(end..)?);
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let part: String = part.chars().chain("000000".chars()).take(6).collect();
    let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let millionths = whole.checked_mul(1_000_000)?.checked_add(part.parse::<u128>().ok()?)?;
    let (times, over) = scale(unit)?;
    Some(millionths.checked_mul(times)? / over / 1_000)
}

/// What a unit multiplies by, and divides by.
fn scale(unit: &str) -> Option<(u128, u128)> {
    let binary = |power: u32| (1_u128 << (10 * power), 1);
    let decimal = |power: u32| (10_u128.pow(power), 1);
    Some(match unit {
        "" => (1, 1),
        "n" => (1, 1_000_000_000),
        "u" => (1, 1_000_000),
        "m" => (1, 1_000),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        unit => {
            let power: u32 = unit.strip_prefix(['e', 'E'])?.parse().ok()?;
            if power > 18 {
                return None;
            }
            decimal(power)
        }
    })
}

/// An amount of bytes in the unit that fits: `62.8 GiB`. What is no amount stays as it is.
pub(super) fn bytes(raw: &str) -> String {
    let Some(bytes) = thousandths(raw).map(|amount| amount / 1_000) else { return raw.to_owned() };
    for (unit, size) in
        [("TiB", 1_u128 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
    {
        if bytes >= size {
            let tenths = bytes.saturating_mul(10) / size;
            return match (tenths / 10, tenths % 10) {
                (whole, 0) => format!("{whole} {unit}"),
                (whole, tenth) => format!("{whole}.{tenth} {unit}"),
            };
        }
    }
    format!("{bytes} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_whatever_their_unit() {
        for (raw, amount) in [
            ("24", Some(24_000)),
            ("500m", Some(500)),
            ("15800m", Some(15_800)),
            ("1.5", Some(1_500)),
            ("48Gi", Some(48 * 1024 * 1024 * 1024 * 1000)),
            ("1k", Some(1_000_000)),
            ("1e3", Some(1_000_000)),
            ("250u", Some(0)),
            ("", None),
            ("many", None),
            ("4Gib", None),
            ("1e99", None),
            ("99999999999999999999999999999999999999Ei", None),
        ] {
            assert_eq!(thousandths(raw), amount, "{raw}");
        }
        for (raw, shown) in
            [("65806204Ki", "62.7 GiB"), ("500Gi", "500 GiB"), ("12", "12 B"), ("soon", "soon")]
        {
            assert_eq!(bytes(raw), shown);
        }
    }
}
