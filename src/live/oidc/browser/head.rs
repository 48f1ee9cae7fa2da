//! The head of a request, as far as the door must know it: what is wanted, in HTTP/1.

/// The largest head, in bytes.
pub(super) const LARGEST: usize = 16 * 1024;
const END: &[u8] = b"\r\n\r\n";

/// What is wanted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) method: String,
    /// The path with its query, as it was sent.
    pub(super) target: String,
}

/// Why something is no head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is larger than [`LARGEST`].
    Large,
    /// It is not HTTP/1.
    Strange,
}

impl Head {
    /// The head at the beginning of `text`; none when there is more to come.
    pub(super) fn of(text: &[u8]) -> Result<Option<Self>, Wrong> {
        let Some(end) = text.windows(END.len()).position(|some| some == END) else {
            return if text.len() > LARGEST { Err(Wrong::Large) } else { Ok(None) };
        };
        if end > LARGEST {
            return Err(Wrong::Large);
        }
        let head = text.get(..end).unwrap_or_default();
        let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let line = str::from_utf8(line).map_err(|_| Wrong::Strange)?;
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some(method), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) => {
                Ok(Some(Self { method: method.to_owned(), target: target.to_owned() }))
            }
            _ => Err(Wrong::Strange),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_whole() {
        let text = b"GET /callback?code=a&state=b HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\nrest";
        for cut in 0..text.len() - "rest".len() {
            assert_eq!(Head::of(&text[..cut]), Ok(None), "cut at {cut}");
        }
        let head = Head::of(text).expect("a good head").expect("a whole head");
        assert_eq!((&*head.method, &*head.target), ("GET", "/callback?code=a&state=b"));
    }

    #[test]
    fn what_is_not_http_or_too_large_is_refused() {
        for strange in [
            "\r\n\r\n",
            "GET /\r\n\r\n",
            "GET / HTTP/2\r\n\r\n",
            "GET  / HTTP/1.1\r\n\r\n",
            "GET / x HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(Head::of(strange.as_bytes()), Err(Wrong::Strange), "{strange:?}");
        }
        assert_eq!(Head::of(b"GET /\xff HTTP/1.1\r\n\r\n"), Err(Wrong::Strange));
        let mut large = b"GET / HTTP/1.1\r\nx: ".to_vec();
        large.resize(LARGEST, b'y');
        assert_eq!(Head::of(&large), Ok(None));
        large.push(b'y');
        assert_eq!(Head::of(&large), Err(Wrong::Large));
        large.extend_from_slice(END);
        assert_eq!(
            Head::of(&large),
            Err(Wrong::Large),
            "an end that comes late makes it no smaller"
        );
    }
}
