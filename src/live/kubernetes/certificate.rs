//! When a certificate runs out: the one field of X.509 that a person is told.
//!
//! Verifies nothing. A certificate that isn't understood has no known end.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDateTime;

use crate::domain::Timestamp;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of validity of the first certificate in `pem`.
pub(super) fn ends(pem: &str) -> Option<Timestamp> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let body: String = body.split_ascii_whitespace().collect();
    ends_der(&STANDARD.decode(body).ok()?)
}

fn ends_der(der: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = take(der, SEQUENCE)?;
    let (mut fields, _) = take(certificate, SEQUENCE)?;
    if let Some((_, rest)) = take(fields, VERSION) {
        fields = rest;
    }
    // Serial number, signature algorithm and issuer come before the validity.
    for _ in 0..3 {
        fields = skip(fields)?;
    }
    let (validity, _) = take(fields, SEQUENCE)?;
    let end = skip(validity)?;
    let (tag, value, _) = element(end)?;
    let text = std::str::from_utf8(value).ok()?;
    let full = match tag {
        // Two digits stand for 1950 to 2049 (RFC 5280, 4.1.2.5.1).
        UTC_TIME => format!("{}{text}", if text.get(..2)? < "50" { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let at = NaiveDateTime::parse_from_str(&full, "%Y%m%d%H%M%SZ").ok()?;
    Some(Timestamp::from_ms(at.and_utc().timestamp_millis()))
}

fn skip(der: &[u8]) -> Option<&[u8]> {
    element(der).map(|(_, _, rest)| rest)
}

fn take(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    element(der)
        .filter(|(tag, _, _)| *tag == wanted)
        .map(|(_, value, rest)| (value, rest))
}

/// The first element of `der`: its tag, its value, and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ 0..=0x7f => (short, rest),
        long @ 0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(long - 0x80)?;
            (
                bytes
                    .iter()
                    .fold(0, |length, byte| length << 8 | usize::from(*byte)),
                rest,
            )
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((*tag, value, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_end_is_read() {
        for (year, shown) in [
            (2001, "2001-03-04T00:00:00Z"),
            (2049, "2049-03-04T00:00:00Z"),
            (2075, "2075-03-04T00:00:00Z"),
        ] {
            let mut params =
                rcgen::CertificateParams::new(vec!["a.example".to_owned()]).expect("a name");
            params.not_before = rcgen::date_time_ymd(2000, 1, 1);
            params.not_after = rcgen::date_time_ymd(year, 3, 4);
            let key = rcgen::KeyPair::generate().expect("a key");
            let pem = params.self_signed(&key).expect("a certificate").pem();
            assert_eq!(ends(&pem).map(|at| at.to_string()).as_deref(), Some(shown));
        }
    }

    proptest! {
        #[test]
        fn nothing_else_is_understood(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = ends_der(&bytes);
            let _ = ends(&String::from_utf8_lossy(&bytes));
        }
    }
}
