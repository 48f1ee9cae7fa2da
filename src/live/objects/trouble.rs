//! What a failed request means for the operator: a sentence, and what to do next.

use super::door::{Refusal, refusal};
use crate::domain::{Trouble, TroubleKind};

/// What was asked of whom, for the sentence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    /// The bucket.
    pub(super) bucket: &'a str,
    /// The server's address.
    pub(super) endpoint: &'a str,
    /// The setting that names the bucket.
    pub(super) setting: &'a str,
}

/// The trouble that `error` of a listing means.
pub(super) fn of(error: &object_store::Error, asked: Asked<'_>) -> Trouble {
    match (refusal(error), error) {
        (Some(refusal), _) => refused(refusal, asked),
        (None, object_store::Error::InvalidPath { .. }) => Trouble::new(
            TroubleKind::Protocol,
            &format!(
                "listing {}: the name of an object can't be understood: {error}",
                asked.bucket
            ),
            "Rename that object; until then its folder can't be listed.",
        ),
        (None, _) => Trouble::new(
            TroubleKind::Protocol,
            &format!("listing {}: the answer can't be understood: {error}", asked.bucket),
            "Look whether objects.endpoint is the address of an S3 server.",
        ),
    }
}

/// A server that lets wait.
pub(super) fn slow(asked: Asked<'_>, secs: u64) -> Trouble {
    Trouble::new(
        TroubleKind::Slow,
        &format!("listing {}: no answer for {secs} s", asked.bucket),
        "What is shown may be old; the console goes on waiting.",
    )
}

fn refused(refusal: &Refusal, asked: Asked<'_>) -> Trouble {
    let Asked { bucket, endpoint, .. } = asked;
    match refusal {
        Refusal::Status { status, code, ahead } => status_of(*status, code, *ahead, asked),
        Refusal::NoListing(kind) => Trouble::new(
            TroubleKind::Protocol,
            &format!("listing {bucket}: {endpoint} answers with {kind} and no listing"),
            "Look whether objects.endpoint is the S3 server itself, not a page before it.",
        ),
        Refusal::TooLarge => Trouble::new(
            TroubleKind::Protocol,
            &format!("listing {bucket}: {refusal}"),
            "Look whether objects.endpoint is the address of an S3 server.",
        ),
        Refusal::Late => slow(asked, super::bucket::LIMIT.as_secs()),
        Refusal::Link(why) if why.to_lowercase().contains("certificate") => Trouble::new(
            TroubleKind::Certificate,
            &format!("listing {bucket}: the certificate of {endpoint} is not accepted: {why}"),
            "Set objects.ca_file to the certificates that signed it.",
        ),
        Refusal::Link(why) => Trouble::new(
            TroubleKind::Unreachable,
            &format!("listing {bucket}: {endpoint}: {why}"),
            "Look whether the S3 server runs and can be reached from here.",
        ),
    }
}

fn status_of(status: u16, code: &str, ahead: Option<i64>, asked: Asked<'_>) -> Trouble {
    let Asked { bucket, setting, .. } = asked;
    let said = if code.is_empty() { status.to_string() } else { format!("{status} {code}") };
    let (kind, what, remedy) = match (status, code) {
        (_, "RequestTimeTooSkewed") => return skewed(bucket, ahead),
        (_, "InvalidAccessKeyId" | "NotSignedUp") => (
            TroubleKind::Unauthenticated,
            format!("the server does not know the access key ({said})"),
            "Look at objects.access_key.".to_owned(),
        ),
        (_, "SignatureDoesNotMatch") => (
            TroubleKind::Unauthenticated,
            format!("the secret key is not the one of this access key ({said})"),
            "Look at objects.secret_key and objects.region.".to_owned(),
        ),
        (301 | 307 | 400, _)
            if status < 400 || code.contains("Region") || code.contains("Malformed") =>
        {
            (
                TroubleKind::Config,
                format!("the bucket is in another region ({said})"),
                "Look at objects.region.".to_owned(),
            )
        }
        (404, _) => (
            TroubleKind::Config,
            format!("there is no such bucket ({said})"),
            format!("Look at {setting}."),
        ),
        (401, _) => (
            TroubleKind::Unauthenticated,
            format!("the server wants to know who asks ({said})"),
            "Look at objects.access_key and objects.secret_key.".to_owned(),
        ),
        (403, _) => (
            TroubleKind::Denied,
            format!("the key may not list the bucket ({said})"),
            format!(
                "Ask for a key that may list {bucket} (s3:ListBucket); it needs no other right."
            ),
        ),
        (429 | 503, _) => (
            TroubleKind::Server,
            format!("the server asks for patience ({said})"),
            "The console asks less often and tries again.".to_owned(),
        ),
        _ => (
            TroubleKind::Server,
            format!("the server answers {said}"),
            "Look at the S3 server; the console tries again.".to_owned(),
        ),
    };
    Trouble::new(kind, &format!("listing {bucket}: {what}"), &remedy)
}

/// Requests are signed by this machine's clock, and the server takes no others than those of its own time.
fn skewed(bucket: &str, ahead: Option<i64>) -> Trouble {
    let off = ahead.filter(|ahead| ahead.unsigned_abs() > 1).map_or_else(String::new, |ahead| {
        let side = if ahead < 0 { "ahead of" } else { "behind" };
        format!(" by {} s, {side} the server's", ahead.unsigned_abs())
    });
    Trouble::new(
        TroubleKind::Config,
        &format!("listing {bucket}: the clock of this machine is wrong{off}"),
        "Set the clock of this machine right; the server refuses requests signed at another time.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_sentences_that_say_what_to_do() {
        let asked = Asked { bucket: "b", endpoint: "http://s3", setting: "objects.bucket" };
        let status =
            |status, code: &str, ahead| Refusal::Status { status, code: code.to_owned(), ahead };
        for (refusal, kind, said) in [
            (status(403, "AccessDenied", None), TroubleKind::Denied, "s3:ListBucket"),
            (status(403, "InvalidAccessKeyId", None), TroubleKind::Unauthenticated, "access_key"),
            (
                status(403, "SignatureDoesNotMatch", None),
                TroubleKind::Unauthenticated,
                "secret_key",
            ),
            (
                status(403, "RequestTimeTooSkewed", Some(-960)),
                TroubleKind::Config,
                "by 960 s, ahead",
            ),
            (status(404, "NoSuchBucket", None), TroubleKind::Config, "objects.bucket"),
            (status(301, "PermanentRedirect", None), TroubleKind::Config, "objects.region"),
            (status(400, "AuthorizationHeaderMalformed", None), TroubleKind::Config, "region"),
            (status(503, "SlowDown", None), TroubleKind::Server, "patience"),
            (status(500, "", None), TroubleKind::Server, "answers 500"),
            (Refusal::NoListing("text/html".to_owned()), TroubleKind::Protocol, "text/html"),
            (Refusal::Late, TroubleKind::Slow, "no answer"),
            (Refusal::Link("connection refused".to_owned()), TroubleKind::Unreachable, "http://s3"),
            (
                Refusal::Link("invalid peer certificate: Expired".to_owned()),
                TroubleKind::Certificate,
                "objects.ca_file",
            ),
        ] {
            let trouble = refused(&refusal, asked);
            assert_eq!(trouble.kind, kind, "{refusal:?}");
            assert!(trouble.to_string().contains(said), "{trouble}");
            assert!(!trouble.remedy.is_empty(), "{trouble}");
        }
    }
}
