//! The console as the provider knows it: an application, with a secret or without.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::RequestBuilder;
use reqwest::header::AUTHORIZATION;
use secrecy::{ExposeSecret as _, SecretString};

/// An application at the provider.
#[derive(Clone)]
pub(super) struct Application {
    /// Its name there.
    pub(super) id: String,
    /// Its secret; none for a public one.
    pub(super) secret: Option<SecretString>,
}

/// How a secret is given at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// In the header.
    Basic,
    /// In the form.
    Post,
}

impl Given {
    /// The way that a provider with these `methods` takes; the header is what is meant when it says nothing.
    pub(super) fn of(methods: Option<&[String]>) -> Self {
        let has = |method: &str| methods.is_some_and(|all| all.iter().any(|of| of == method));
        if !has("client_secret_basic") && has("client_secret_post") {
            Self::Post
        } else {
            Self::Basic
        }
    }
}

impl Application {
    /// `request` with `form` and with what says who asks.
    pub(super) fn asks(
        &self,
        request: RequestBuilder,
        form: &[(&str, &str)],
        given: Given,
    ) -> RequestBuilder {
        let mut form = form.to_vec();
        let Some(secret) = &self.secret else {
            form.push(("client_id", &self.id));
            return request.form(&form);
        };
        if given == Given::Post {
            form.push(("client_id", &self.id));
            form.push(("client_secret", secret.expose_secret()));
            return request.form(&form);
        }
        // Both parts are escaped as in a form before they are joined (RFC 6749, 2.3.1).
        let pair = format!("{}:{}", escaped(&self.id), escaped(secret.expose_secret()));
        let basic = format!("Basic {}", BASE64_STANDARD.encode(pair));
        let mut request = request.form(&form);
        if let Ok(mut value) = reqwest::header::HeaderValue::from_str(&basic) {
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        request
    }

    /// What must not be repeated in a sentence.
    pub(super) fn hidden(&self) -> &str {
        self.secret.as_ref().map_or("", |secret| secret.expose_secret())
    }
}

fn escaped(text: &str) -> String {
    openidconnect::url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(secret: Option<&str>, given: Given) -> (Option<String>, String) {
        let secret = secret.map(SecretString::from);
        let application = Application { id: "pulse console".to_owned(), secret };
        let request = reqwest::Client::new().post("http://127.0.0.1:1/token");
        let request = application.asks(request, &[("grant_type", "x")], given).build();
        let request = request.expect("a request");
        let header = request.headers().get(AUTHORIZATION).map(|value| {
            assert!(value.is_sensitive());
            value.to_str().expect("plain text").to_owned()
        });
        let body = request.body().and_then(reqwest::Body::as_bytes).expect("a form");
        (header, String::from_utf8(body.to_vec()).expect("text"))
    }

    #[test]
    fn a_secret_goes_where_the_provider_takes_it() {
        let form = "grant_type=x&client_id=pulse+console".to_owned();
        assert_eq!(sent(None, Given::Basic), (None, form.clone()));
        assert_eq!(sent(Some("a:b"), Given::Post), (None, format!("{form}&client_secret=a%3Ab")));
        let basic = format!("Basic {}", BASE64_STANDARD.encode("pulse+console:a%3Ab"));
        assert_eq!(sent(Some("a:b"), Given::Basic), (Some(basic), "grant_type=x".to_owned()));
    }

    #[test]
    fn the_header_is_meant_unless_only_the_form_is_offered() {
        let named = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert_eq!(Given::of(None), Given::Basic);
        assert_eq!(Given::of(Some(&named(&["client_secret_post"]))), Given::Post);
        let both = named(&["client_secret_post", "client_secret_basic"]);
        assert_eq!(Given::of(Some(&both)), Given::Basic);
    }
}
