//! What the homeserver refuses, as sentences for a tired person.

use super::http::Said;
use crate::domain::{Trouble, TroubleKind};

/// Where was asked, for the sentences.
pub(super) struct Place<'a> {
    /// The homeserver.
    pub(super) address: &'a str,
    /// The room as it is set.
    pub(super) room: &'a str,
}

/// Turns what was `said` while `doing` something with the room into trouble.
pub(super) fn of(said: &Said, doing: &str, place: &Place<'_>) -> Trouble {
    let Place { address, room } = place;
    let at = format!("{doing} {room}: Matrix at {address}");
    let (kind, what, remedy) = match said {
        Said::No(code, errcode, words) => return refused(*code, errcode, words, &at),
        Said::Later(after) => (
            TroubleKind::Slow,
            format!("{at} asks for patience ({:.0} s)", after.as_secs_f32()),
            String::new(),
        ),
        Said::Link(error) if error.is_timeout() => (
            TroubleKind::Slow,
            format!("{at} does not answer in time"),
            "See whether it can be reached from here (VPN, firewall).".to_owned(),
        ),
        Said::Link(error) => (
            TroubleKind::Unreachable,
            format!("{at} can't be reached ({})", innermost(error)),
            "See whether matrix.url and matrix.ca_file are right, and the network.".to_owned(),
        ),
        Said::Strange(how) => (
            TroubleKind::Protocol,
            format!("{at}: {how}"),
            "See whether matrix.url is the homeserver's address.".to_owned(),
        ),
    };
    Trouble::new(kind, &what, &remedy)
}

fn refused(code: u16, errcode: &str, words: &str, at: &str) -> Trouble {
    let (kind, what, remedy) = match (code, errcode) {
        (401, _) | (_, "M_UNKNOWN_TOKEN" | "M_MISSING_TOKEN") => (
            TroubleKind::Unauthenticated,
            format!("{at} does not take the token of matrix.token ({code})"),
            "Fetch a fresh one for the console's account.",
        ),
        (403, _) => (
            TroubleKind::Denied,
            format!("{at} forbids it ({code} {words})"),
            "Invite the console's account into the room and let it join and speak.",
        ),
        (404, "M_NOT_FOUND") => (
            TroubleKind::Absent,
            format!("{at} has no such room ({words})"),
            "Correct matrix.alerts_room.",
        ),
        (404, _) => (
            TroubleKind::Protocol,
            format!("{at} has nothing there (404)"),
            "See whether matrix.url is the homeserver's address.",
        ),
        _ => (TroubleKind::Server, format!("{at} answered {code} ({errcode} {words})"), ""),
    };
    Trouble::new(kind, &what, remedy)
}

/// The deepest that causes are looked at.
const DEPTH: usize = 16;

fn innermost(error: &reqwest::Error) -> String {
    let error: &(dyn std::error::Error + 'static) = error;
    let causes = std::iter::successors(Some(error), |error| error.source()).take(DEPTH);
    let words = causes.last().map(ToString::to_string).unwrap_or_default();
    words.chars().take(200).collect()
}
