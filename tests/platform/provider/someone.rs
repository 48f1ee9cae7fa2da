//! Somebody with a browser, scripted: goes where they are sent, fills in the forms, presses the buttons.

use regex::Regex;
use reqwest::{Client, Response, Url, header, redirect};

use super::super::PlatformError;
use super::Provider;

/// Everybody's password.
pub const PASSWORD: &str = "training";
/// What everybody's authenticator shows.
pub const CODE: &str = "246810";
/// Pages and redirects until one gives up.
const STEPS: usize = 30;

/// A person and their browser with its cookies: who signed in once is known the next time.
#[derive(Clone, Debug)]
pub struct Someone {
    browser: Client,
    issuer: String,
    /// What they sign in as.
    pub user: String,
    /// What they believe to be their password.
    pub password: String,
    /// What they read off their authenticator.
    pub code: String,
    /// Whether they refuse when they are asked to let the application in.
    pub refuses: bool,
}

/// Where a walk through the pages ended.
#[derive(Debug)]
pub struct Landing {
    /// The last address.
    pub address: Url,
    /// What it answered.
    pub status: u16,
    /// What the browser showed.
    pub text: String,
    /// The titles of the pages on the way, in order.
    pub titles: Vec<String>,
}

impl Someone {
    /// One who signs in as `user` at `provider`.
    pub fn new(provider: &Provider, user: &str) -> Result<Self, PlatformError> {
        let browser = Client::builder()
            .no_proxy()
            .cookie_store(true)
            .redirect(redirect::Policy::none())
            .timeout(std::time::Duration::from_secs(30))
            .build()?;
        let issuer = provider.issuer();
        let (password, code) = (PASSWORD.into(), CODE.into());
        Ok(Self { browser, issuer, user: user.into(), password, code, refuses: false })
    }

    /// Goes to `address` and on, to the last page, which may be the console's.
    pub async fn go(&self, address: &str) -> Result<Landing, PlatformError> {
        self.walk(address, true).await
    }

    /// The same, but does not go to an address that is not the provider's: its text is empty.
    pub async fn go_until_sent_away(&self, address: &str) -> Result<Landing, PlatformError> {
        self.walk(address, false).await
    }

    async fn walk(&self, address: &str, leaves: bool) -> Result<Landing, PlatformError> {
        let refused =
            |what: &str| PlatformError::Refused { url: address.into(), answer: what.into() };
        let mut next = self.browser.get(address).build()?;
        let mut titles = Vec::new();
        for _ in 0..STEPS {
            let address = next.url().clone();
            let away = !address.as_str().starts_with(&self.issuer);
            if away && !leaves {
                return Ok(Landing { address, status: 0, text: String::new(), titles });
            }
            let response = self.browser.execute(next).await?;
            let status = response.status().as_u16();
            if let Some(to) = sent_to(&response) {
                next = self.browser.get(to).build()?;
                continue;
            }
            let text = response.text().await?;
            titles.push(title(&text));
            match Form::of(&text).filter(|_| !away) {
                Some(form)
                    if titles.iter().rev().take(3).filter(|old| **old == title(&text)).count()
                        < 3 =>
                {
                    let to =
                        address.join(&form.action).map_err(|_| refused("a form to nowhere"))?;
                    next = self.browser.post(to).form(&self.filled(&form, &text)).build()?;
                }
                _ => return Ok(Landing { address, status, text, titles }),
            }
        }
        Err(refused("no end of pages"))
    }

    /// The form as this person fills it in, with the button that they press.
    fn filled(&self, form: &Form, page: &str) -> Vec<(String, String)> {
        let mut filled = form.hidden.clone();
        for name in &form.empty {
            let value = match name.as_str() {
                "user" => &self.user,
                "password" => &self.password,
                "code" => &self.code,
                _ => continue,
            };
            filled.push((name.clone(), value.clone()));
        }
        let asks = form.empty.is_empty();
        let no =
            ["cancel", "abort"].into_iter().find(|name| page.contains(&format!("name=\"{name}\"")));
        match no.filter(|_| asks && self.refuses) {
            Some(no) => filled.push((no.into(), "yes".into())),
            None => filled.push(("go".into(), "yes".into())),
        }
        filled
    }
}

/// The first form of a page.
struct Form {
    action: String,
    /// Fields that come with a value.
    hidden: Vec<(String, String)>,
    /// Fields for the person.
    empty: Vec<String>,
}

impl Form {
    fn of(page: &str) -> Option<Self> {
        let action = capture(r#"<form[^>]*\saction="([^"]*)""#, page)?;
        let inputs = Regex::new(r"<input\b[^>]*>").ok()?;
        let (mut hidden, mut empty) = (Vec::new(), Vec::new());
        for input in inputs.find_iter(page) {
            let Some(name) = capture(r#"\sname="([^"]*)""#, input.as_str()) else { continue };
            match capture(r#"\svalue="([^"]*)""#, input.as_str()) {
                Some(value) => hidden.push((name, value)),
                None => empty.push(name),
            }
        }
        Some(Self { action, hidden, empty })
    }
}

fn sent_to(response: &Response) -> Option<Url> {
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    response.url().join(location).ok()
}

fn title(page: &str) -> String {
    capture("<title>([^<]*)</title>", page).unwrap_or_default()
}

fn capture(pattern: &str, text: &str) -> Option<String> {
    let found = Regex::new(pattern).ok()?.captures(text)?;
    Some(found.get(1)?.as_str().to_owned())
}
