//! Requests of one sign-in: with cookies, to the provider only, so many and no more.

use std::sync::Arc;

use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header::{ACCEPT, LOCATION, ORIGIN, REFERER};
use reqwest::{Client, RequestBuilder, Response, Url};

use super::sent::Sent;
use super::site::{Place, Site};
use super::stage::{self, Stage};
use super::trouble;
use crate::domain::Trouble;
use crate::live::oidc::{http, provider};

/// The most requests between two answers of the operator; a sign-in needs fewer than ten.
const MOST: u32 = 30;
/// The cookie that a request which changes something must repeat in a header.
const CSRF_COOKIE: &str = "authentik_csrf";
/// That header.
const CSRF_HEADER: &str = "X-authentik-CSRF";

/// The way to the provider, for one sign-in.
pub(super) struct Link {
    http: Client,
    cookies: Arc<Jar>,
    site: Site,
    /// How many requests are left until the operator answers something.
    left: u32,
}

/// What an executor answers.
pub(super) enum Reply {
    /// Go on there.
    Moved(Place),
    /// Do this.
    Stage(Stage),
}

impl Link {
    /// A way to `site`, which knows us by `cookies`.
    pub(super) fn new(
        certificates: Option<&[u8]>,
        cookies: Arc<Jar>,
        site: Site,
    ) -> Result<Self, Trouble> {
        let mut builder = http::client(certificates)?.cookie_provider(Arc::clone(&cookies));
        if provider::is_loopback(site.base()) {
            // No proxy leads to this machine.
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| trouble::unreached(&site, error))?;
        Ok(Self { http, cookies, site, left: MOST })
    }

    /// Where the provider is.
    pub(super) const fn site(&self) -> &Site {
        &self.site
    }

    /// The operator has answered: the provider may send us about again.
    pub(super) const fn rest(&mut self) {
        self.left = MOST;
    }

    /// Asks for a page that must lead on.
    pub(super) async fn page(&mut self, page: &Url) -> Result<Place, Trouble> {
        let response = self.send(self.http.get(page.clone())).await?;
        match self.moved(&response)? {
            Some(place) => Ok(place),
            None => Err(trouble::page(&self.site, page, response.status())),
        }
    }

    /// Opens the page of a flow as a browser does, for the cookie that it sets. What it shows is of no use here.
    pub(super) async fn greet(&mut self, page: &Url) -> Result<(), Trouble> {
        if self.csrf().is_none() {
            self.send(self.http.get(page.clone())).await?;
        }
        Ok(())
    }

    /// Asks an executor what is to be done.
    pub(super) async fn look(&mut self, executor: &Url) -> Result<Reply, Trouble> {
        let request = self.http.get(executor.clone()).header(ACCEPT, "application/json");
        self.execute(executor, request).await
    }

    /// Answers an executor, and asks it what is to be done next.
    pub(super) async fn answer(
        &mut self,
        executor: &Url,
        sent: &Sent<'_>,
    ) -> Result<Reply, Trouble> {
        let origin = self.site.origin();
        let mut request = self
            .http
            .post(executor.clone())
            .header(ACCEPT, "application/json")
            // Over TLS the provider's guard wants to see that the request comes from its own page.
            .header(REFERER, format!("{origin}/"))
            .header(ORIGIN, origin)
            .json(sent);
        if let Some(token) = self.csrf() {
            request = request.header(CSRF_HEADER, token);
        }
        match self.execute(executor, request).await? {
            Reply::Moved(Place::Executor(next)) if next.path() == executor.path() => {
                self.look(&next).await
            }
            reply => Ok(reply),
        }
    }

    async fn execute(&mut self, executor: &Url, request: RequestBuilder) -> Result<Reply, Trouble> {
        let response = self.send(request).await?;
        if let Some(place) = self.moved(&response)? {
            return Ok(Reply::Moved(place));
        }
        let status = response.status();
        let body =
            http::body(response).await.map_err(|error| trouble::unreached(&self.site, error))?;
        let Some(body) = body else { return Err(trouble::large(&self.site)) };
        // A stage counts whatever the status: the provider tells of its own errors in stages too.
        match stage::read(&body, &self.site) {
            Some(stage) => Ok(Reply::Stage(stage)),
            None => Err(trouble::no_stage(&self.site, executor, status, &body)),
        }
    }

    async fn send(&mut self, request: RequestBuilder) -> Result<Response, Trouble> {
        let Some(left) = self.left.checked_sub(1) else {
            return Err(trouble::endless(&self.site, MOST));
        };
        self.left = left;
        request.send().await.map_err(|error| trouble::unreached(&self.site, error))
    }

    /// Where `response` leads, if it does.
    fn moved(&self, response: &Response) -> Result<Option<Place>, Trouble> {
        if !response.status().is_redirection() {
            return Ok(None);
        }
        let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok());
        let Some(to) = to else { return Err(trouble::no_address("")) };
        self.site.place(response.url(), to).map(Some)
    }

    /// The value of the cookie that guards against requests of other pages.
    fn csrf(&self) -> Option<String> {
        let cookies = self.cookies.cookies(self.site.base())?;
        let cookies = cookies.to_str().ok()?;
        let found = cookies.split("; ").filter_map(|cookie| cookie.split_once('='));
        found.into_iter().find(|(name, _)| *name == CSRF_COOKIE).map(|(_, value)| value.to_owned())
    }
}
