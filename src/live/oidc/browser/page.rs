//! The pages that the browser shows when it is back. They load nothing and run nothing, and repeat nothing that was sent.

use super::head::Wrong;

/// What goes with every page. The address has the code in it: nobody may be told it as the place that one came from.
const HEADERS: &str = "Content-Type: text/html; charset=utf-8\r
Cache-Control: no-store\r
Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r
Referrer-Policy: no-referrer\r
X-Content-Type-Options: nosniff\r
Connection: close\r
";
const STYLE: &str =
    "body{font:1.1rem/1.5 sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem}";

/// An answer to the browser.
#[derive(Clone, Copy)]
pub(super) struct Page {
    status: &'static str,
    title: &'static str,
    text: &'static str,
}

/// The browser is back.
pub(super) const DONE: Page = Page {
    status: "200 OK",
    title: "You are back",
    text: "The console goes on in your terminal. You may close this page.",
};
/// The provider sent the browser back with a refusal, or somebody else did.
pub(super) const REFUSED: Page = Page {
    status: "200 OK",
    title: "You are not signed in",
    text: "It was refused; the console says why in your terminal. You may close this page.",
};
/// An answer that is none to what is under way.
pub(super) const STRANGER: Page = Page {
    status: "400 Bad Request",
    title: "This page is too old, or was made by somebody else",
    text: "It does not belong to the sign-in that the console waits for. Close it, and go on where the console sent you.",
};
/// Anything else.
pub(super) const NOWHERE: Page = Page {
    status: "404 Not Found",
    title: "There is nothing here",
    text: "A console waits here for a browser to come back from signing in.",
};
/// The right place in the wrong way.
pub(super) const ONLY_GET: Page = Page {
    status: "405 Method Not Allowed\r\nAllow: GET",
    title: "There is nothing to send here",
    text: "A console waits here for a browser to come back from signing in.",
};
const LARGE: Page = Page {
    status: "431 Request Header Fields Too Large",
    title: "That is too much",
    text: "A console waits here for a browser to come back from signing in.",
};
const STRANGE: Page = Page {
    status: "400 Bad Request",
    title: "That is no request",
    text: "A console waits here for a browser to come back from signing in.",
};

/// The page for what is no request.
pub(super) const fn of(wrong: Wrong) -> Page {
    match wrong {
        Wrong::Large => LARGE,
        Wrong::Strange => STRANGE,
    }
}

impl Page {
    /// The whole answer.
    pub(super) fn answer(self) -> String {
        let Self { status, title, text } = self;
        let body = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<link rel=\"icon\" href=\"data:,\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n<p>{text}</p>\n</html>\n"
        );
        format!("HTTP/1.1 {status}\r\n{HEADERS}Content-Length: {}\r\n\r\n{body}", body.len())
    }
}
