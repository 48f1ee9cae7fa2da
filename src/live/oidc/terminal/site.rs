//! The provider's addresses: which of them a flow may lead to, and what each of them is.

use reqwest::Url;

use super::trouble;
use crate::domain::Trouble;

/// What Authentik's addresses of applications begin with.
const APPLICATIONS: &str = "/application/o/";
/// The page of a flow.
const FLOW: &str = "if/flow/";
/// The executor of a flow.
const EXECUTOR: &str = "api/v3/flows/executor/";
/// Leads to whatever flow the provider signs people in with.
const DEFAULT_LOGIN: &str = "flows/-/default/authentication/";

/// The provider, and the address that the code comes to.
#[derive(Debug)]
pub(super) struct Site {
    /// Where the provider begins: its host, and the folder that it is in.
    base: Url,
    redirect: Url,
    /// The flow to sign in with.
    login: String,
}

/// What an address is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The redirect address: the provider is done with us.
    End(Url),
    /// The page of the flow called `slug`.
    Flow { page: Url, slug: String },
    /// The executor of a flow.
    Executor(Url),
    /// Another page of the provider, which should lead on.
    Page(Url),
}

impl Site {
    /// The provider whose authorization endpoint this is.
    ///
    /// # Errors
    /// It is not Authentik's.
    pub(super) fn of(authorization: &Url, redirect: Url, login: &str) -> Result<Self, Trouble> {
        let folder = authorization.path().split_once(APPLICATIONS).map(|(folder, _)| folder);
        let Some(folder) = folder else { return Err(trouble::not_authentik(authorization)) };
        let mut base = authorization.clone();
        base.set_query(None);
        base.set_fragment(None);
        base.set_path(&format!("{folder}/"));
        Ok(Self { base, redirect, login: login.to_owned() })
    }

    /// The flow to sign in with.
    pub(super) fn login(&self) -> &str {
        &self.login
    }

    /// The provider's host, as a browser names it (`Origin`).
    pub(super) fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    /// Where the provider begins.
    pub(super) const fn base(&self) -> &Url {
        &self.base
    }

    /// What `to` is, which `from` leads to.
    ///
    /// # Errors
    /// It is no address, or of another host.
    pub(super) fn place(&self, from: &Url, to: &str) -> Result<Place, Trouble> {
        let Ok(url) = from.join(to) else { return Err(trouble::no_address(to)) };
        if self.is_redirect(&url) {
            return Ok(Place::End(url));
        }
        if url.origin() != self.base.origin() {
            return Err(trouble::elsewhere(&self.base, &url));
        }
        let Some(path) = url.path().strip_prefix(self.base.path()) else {
            return Ok(Place::Page(url));
        };
        if path == DEFAULT_LOGIN {
            let slug = self.login.clone();
            return Ok(Place::Flow { page: url, slug });
        }
        if path.starts_with(EXECUTOR) {
            return Ok(Place::Executor(url));
        }
        let slug = path.strip_prefix(FLOW).map(|slug| slug.trim_end_matches('/'));
        match slug.filter(|slug| !slug.is_empty() && !slug.contains('/')) {
            Some(slug) => {
                // A flow that comes before something else signs people in: the console has one of its own for that.
                let before = url.query_pairs().any(|(name, _)| name == "next");
                let slug = if before { self.login.clone() } else { slug.to_owned() };
                Ok(Place::Flow { page: url, slug })
            }
            None => Ok(Place::Page(url)),
        }
    }

    /// The executor of the flow `slug`, which is told what the flow's page was asked with.
    ///
    /// # Errors
    /// The provider's address can't be gone on from.
    pub(super) fn executor(&self, slug: &str, page: &Url) -> Result<Url, Trouble> {
        let Ok(mut executor) = self.base.join(EXECUTOR) else {
            return Err(trouble::no_address(self.base.as_str()));
        };
        if let Ok(mut segments) = executor.path_segments_mut() {
            segments.pop_if_empty().push(slug).push("");
        }
        executor.query_pairs_mut().append_pair("query", page.query().unwrap_or_default());
        Ok(executor)
    }

    /// Whether `url` is the redirect address, whatever it was asked with.
    fn is_redirect(&self, url: &Url) -> bool {
        let known = &self.redirect;
        url.origin() == known.origin() && url.path() == known.path() && url.username().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("an address")
    }

    fn site(authorization: &str) -> Site {
        let redirect = url("http://127.0.0.1/callback");
        Site::of(&url(authorization), redirect, "console-login").expect("Authentik")
    }

    fn slug(place: Place) -> Option<String> {
        match place {
            Place::Flow { slug, .. } => Some(slug),
            _ => None,
        }
    }

    #[test]
    fn addresses_are_told_apart() {
        for base in ["https://id.example/", "https://id.example:8443/sub/folder/"] {
            let site = site(&format!("{base}application/o/authorize/"));
            assert_eq!(site.base().as_str(), base);
            let from = site.executor("console-login", &url(base)).expect("an address");
            let place = |to: &str| site.place(&from, to).expect("a place");
            let path = site.base().path().to_owned();
            let at = |rest: &str| place(&format!("{path}{rest}"));

            assert_eq!(
                slug(at("flows/-/default/authentication/?next=%2F")).as_deref(),
                Some("console-login")
            );
            assert_eq!(slug(at("if/flow/consent/?a=b")).as_deref(), Some("consent"));
            assert_eq!(slug(at("if/flow/consent")).as_deref(), Some("consent"));
            assert_eq!(slug(at("if/flow/other-login/?next=%2F")).as_deref(), Some("console-login"));
            assert_eq!(slug(at("if/flow/")), None);
            assert_eq!(slug(at("if/flow/a/b/")), None);
            assert!(matches!(at("application/o/authorize/?a=b"), Place::Page(_)));
            assert!(matches!(at("if/user/"), Place::Page(_)));
            assert!(matches!(at("api/v3/flows/executor/consent/?query="), Place::Executor(_)));
            assert!(matches!(place(""), Place::Executor(_)), "the same address once more");
            assert!(matches!(place("http://127.0.0.1/callback?code=1"), Place::End(_)));
        }
    }

    #[test]
    fn the_executor_is_told_what_the_page_was_asked_with() {
        let site = site("https://id.example/application/o/authorize/");
        let page = url("https://id.example/if/flow/x/?next=%2Fa%3Fb%3Dc%26d&e=f");
        let executor = site.executor("con sole/", &page).expect("an address");
        assert_eq!(executor.path(), "/api/v3/flows/executor/con%20sole%2F/");
        let query: Vec<_> = executor.query_pairs().into_owned().collect();
        assert_eq!(query, [("query".into(), "next=%2Fa%3Fb%3Dc%26d&e=f".into())]);
    }

    #[test]
    fn nothing_leads_to_another_host() {
        let site = site("https://id.example/application/o/authorize/");
        let from = url("https://id.example/api/v3/flows/executor/x/");
        for elsewhere in [
            "https://evil.example/if/flow/x/",
            "//evil.example/if/flow/x/",
            "http://id.example/if/flow/x/",
            "https://id.example:444/if/flow/x/",
            "https://id.example.evil.example/",
            "https://id.example@evil.example/",
            "http://127.0.0.1:8080/callback?code=1",
            "https://127.0.0.1/callback?code=1",
            "http://127.0.0.1/callback/more?code=1",
            "http://user@127.0.0.1/callback?code=1",
            "http://localhost/callback?code=1",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "http://[",
        ] {
            let trouble = site.place(&from, elsewhere).expect_err(elsewhere);
            assert!(!trouble.remedy.is_empty(), "{elsewhere}: {trouble}");
        }
    }

    #[test]
    fn another_provider_has_no_executor() {
        let redirect = url("http://127.0.0.1/callback");
        let other = url("https://id.example/auth?tenant=1");
        let trouble = Site::of(&other, redirect, "x").expect_err("no Authentik");
        assert!(trouble.to_string().contains("Authentik"), "{trouble}");
    }
}
