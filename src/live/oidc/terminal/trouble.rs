//! What can go wrong on the way through a flow, as sentences. None of them holds what was typed, or an address with
//! its query, in which codes are.

use reqwest::{StatusCode, Url};

use super::site::Site;
use crate::domain::{Text, Trouble, TroubleKind};
use crate::live::oidc::http::Failure;

const BROWSER: &str = "Sign in with the browser or a device code instead.";

/// Something else was answered than was asked; the page of signing in can't do that.
pub(super) fn other_answer() -> Trouble {
    let what = "signing in: the answer is not to what was asked";
    Trouble::new(TroubleKind::Protocol, what, "Begin again.")
}

/// The provider leads to what is no address.
pub(super) fn no_address(to: &str) -> Trouble {
    let shown = Text::bounded(bare(to), 200);
    let what = format!("signing in: the provider leads to “{shown}”, which is no address");
    Trouble::new(TroubleKind::Protocol, &what, BROWSER)
}

/// The provider leads to another host.
pub(super) fn elsewhere(base: &Url, to: &Url) -> Trouble {
    let host = Text::bounded(&to.origin().ascii_serialization(), 200);
    let host = if host.as_str() == "null" {
        format!("{}: addresses", to.scheme())
    } else {
        host.to_string()
    };
    let what = format!(
        "signing in: {} leads to {host}, which is another host, and a password is typed for one host only",
        origin(base)
    );
    let remedy = "Sign in with the browser, which shows where it goes. If nobody set the provider up like that, tell who \
                  runs it before anybody signs in again.";
    Trouble::new(TroubleKind::Denied, &what, remedy)
}

/// The provider has no executor.
pub(super) fn not_authentik(authorization: &Url) -> Trouble {
    let what = format!(
        "signing in here needs Authentik, and {}{} is not one of its addresses",
        origin(authorization),
        Text::bounded(authorization.path(), 200)
    );
    Trouble::new(
        TroubleKind::Config,
        &what,
        "Sign in with the browser, or set identity.terminal to false.",
    )
}

/// No answer came.
pub(super) fn unreached(site: &Site, error: reqwest::Error) -> Trouble {
    Failure::from(error).trouble("signing in", site.base())
}

/// More came than is read.
pub(super) fn large(site: &Site) -> Trouble {
    let what = format!("signing in: {} answers with far more than a stage is", origin(site.base()));
    Trouble::new(
        TroubleKind::Protocol,
        &what,
        "Check identity.issuer: something else may answer there.",
    )
}

/// It never ends.
pub(super) fn endless(site: &Site, most: u32) -> Trouble {
    let what =
        format!("signing in: {} sent us on {most} times and came to no end", origin(site.base()));
    Trouble::new(
        TroubleKind::Protocol,
        &what,
        "Sign in with the browser, and tell who runs the provider.",
    )
}

/// A page for people came where the provider should have led on.
pub(super) fn page(site: &Site, page: &Url, status: StatusCode) -> Trouble {
    let at = format!("{}{}", origin(site.base()), Text::bounded(page.path(), 200));
    let (kind, remedy) = match status.as_u16() {
        400 | 404 => (
            TroubleKind::Config,
            "Check identity.client_id, and that http://127.0.0.1/callback is among the application's redirect URIs.",
        ),
        401 | 403 => (
            TroubleKind::Denied,
            "Ask who runs the provider to let you use the application; the browser shows what it says.",
        ),
        429 => (TroubleKind::Denied, "Wait a few minutes before you try again."),
        500.. => (TroubleKind::Server, "Try again; if it stays so, look after the provider."),
        _ => (TroubleKind::Protocol, "Sign in with the browser, which shows what it says."),
    };
    let what = format!("signing in: {at} shows a page ({status}) and leads nowhere");
    Trouble::new(kind, &what, remedy)
}

/// An executor answered with what is no stage.
pub(super) fn no_stage(site: &Site, executor: &Url, status: StatusCode, body: &[u8]) -> Trouble {
    let at = format!("{}{}", origin(site.base()), Text::bounded(executor.path(), 200));
    let login = site.login();
    let (kind, why, remedy) = match status.as_u16() {
        404 => (
            TroubleKind::Config,
            "knows no such flow".to_owned(),
            format!(
                "Set identity.terminal_flow (now {login}) to the slug of the flow that signs people in."
            ),
        ),
        401 | 403 => (
            TroubleKind::Denied,
            format!("refuses ({status})"),
            "Begin again; if it stays so, sign in with the browser.".to_owned(),
        ),
        429 => (
            TroubleKind::Denied,
            "was asked too often".to_owned(),
            "Wait a few minutes before you try again.".to_owned(),
        ),
        500.. => (
            TroubleKind::Server,
            format!("fails ({status})"),
            "Try again; if it stays so, look after the provider.".to_owned(),
        ),
        _ => (
            TroubleKind::Protocol,
            format!("answers with {}", kind_of(body)),
            "Check that identity.issuer is an Authentik, and sign in with the browser.".to_owned(),
        ),
    };
    Trouble::new(kind, &format!("signing in: {at} {why}"), &remedy)
}

/// What a body is, in a word: what it says may be anything.
fn kind_of(body: &[u8]) -> &'static str {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        None => "nothing",
        Some(b'<') => "a page for people where JSON is expected",
        Some(b'{' | b'[') => "JSON that is no stage of a flow",
        Some(_) => "what is no JSON",
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// `address` without its query.
fn bare(address: &str) -> &str {
    address.split(['?', '#']).next().unwrap_or_default()
}
