//! An OpenID issuer as an API server sees it: its discovery document and its keys over `https`, and tokens that it signs.
//!
//! Nobody can sign in at it; who is named in a token is the test's to say.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{TimeDelta, Utc};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, SigningKey as _};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::certificates::{Authority, Validity};
use super::{Doing as _, PlatformError, Trusted};

/// The application that its tokens are for.
const AUDIENCE: &str = "pulse-console";
/// The name of its one key.
const KEY: &str = "k1";

/// A running issuer. Dropping it ends it.
pub struct TokenIssuer {
    url: String,
    authority: String,
    key: KeyPair,
    _tasks: JoinSet<()>,
}

impl TokenIssuer {
    /// Starts one with a key of its own.
    pub async fn start() -> Result<Self, PlatformError> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.doing(|| "listen".to_owned())?;
        let port = listener.local_addr().doing(|| "listen".to_owned())?.port();
        let url = format!("https://127.0.0.1:{port}");
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let authority = Authority::new()?;
        let acceptor = acceptor(&authority)?;
        let pages = Arc::new(Pages { discovery: discovery(&url), keys: keys(&key) });
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, pages) = (acceptor.clone(), Arc::clone(&pages));
                connections.spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = pages.answer(stream).await;
                    }
                });
            }
        });
        Ok(Self { url, authority: authority.pem(), key, _tasks: tasks })
    }

    /// What an API server must be told to accept its tokens.
    pub fn trusted(&self) -> Trusted {
        Trusted {
            issuer: self.url.clone(),
            audience: AUDIENCE.to_owned(),
            authority: self.authority.clone(),
        }
    }

    /// A token that says that this is `user` of `groups`, for `lasts` from now on.
    pub fn token(
        &self,
        user: &str,
        groups: &[&str],
        lasts: TimeDelta,
    ) -> Result<String, PlatformError> {
        self.token_for(AUDIENCE, user, groups, lasts)
    }

    /// The same for another application, which an API server refuses.
    pub fn token_for(
        &self,
        audience: &str,
        user: &str,
        groups: &[&str],
        lasts: TimeDelta,
    ) -> Result<String, PlatformError> {
        #[expect(clippy::disallowed_methods, reason = "the API server goes by the machine's time")]
        let now = Utc::now();
        let claims = json!({
            "iss": self.url,
            "aud": audience,
            "sub": format!("sub-{user}"),
            "preferred_username": user,
            "groups": groups,
            "iat": now.timestamp(),
            "exp": (now + lasts).timestamp(),
        });
        let head = json!({ "alg": "ES256", "typ": "JWT", "kid": KEY });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&head), part(&claims));
        let signature = raw(&self.key.sign(signed.as_bytes())?);
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// What it answers.
struct Pages {
    discovery: String,
    keys: String,
}

impl Pages {
    async fn answer(
        &self,
        mut stream: tokio_rustls::server::TlsStream<tokio::net::TcpStream>,
    ) -> std::io::Result<()> {
        let mut request = Vec::new();
        let mut part = [0; 4096];
        while !request.windows(4).any(|end| end == b"\r\n\r\n") && request.len() < 64 * 1024 {
            let count = stream.read(&mut part).await?;
            if count == 0 {
                return Ok(());
            }
            request.extend_from_slice(part.get(..count).unwrap_or_default());
        }
        let (status, body) = match String::from_utf8_lossy(&request).split(' ').nth(1) {
            Some("/.well-known/openid-configuration") => ("200 OK", self.discovery.as_str()),
            Some("/jwks") => ("200 OK", self.keys.as_str()),
            _ => ("404 Not Found", ""),
        };
        let head = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).await?;
        stream.shutdown().await
    }
}

fn discovery(url: &str) -> String {
    json!({
        "issuer": url,
        "jwks_uri": format!("{url}/jwks"),
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    })
    .to_string()
}

/// The public key: an uncompressed point, its two halves after one byte.
fn keys(key: &KeyPair) -> String {
    let point = key.public_key_raw();
    let half = |range: std::ops::Range<usize>| {
        URL_SAFE_NO_PAD.encode(point.get(range).unwrap_or_default())
    };
    let key = json!({
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": KEY,
        "x": half(1..33), "y": half(33..65),
    });
    json!({ "keys": [key] }).to_string()
}

/// The two numbers of a signature in DER, each as 32 bytes, as tokens carry it.
fn raw(der: &[u8]) -> Vec<u8> {
    let mut rest = der.get(2..).unwrap_or_default();
    let mut signature = Vec::new();
    for _ in 0..2 {
        let length = usize::from(rest.get(1).copied().unwrap_or_default());
        let number = rest.get(2..2 + length).unwrap_or_default();
        let digits = number.get(number.len().saturating_sub(32)..).unwrap_or_default();
        signature.extend(std::iter::repeat_n(0, 32 - digits.len()));
        signature.extend_from_slice(digits);
        rest = rest.get(2 + length..).unwrap_or_default();
    }
    signature
}

fn acceptor(authority: &Authority) -> Result<TlsAcceptor, PlatformError> {
    let pair = authority.server(Validity::Valid)?;
    let broken = |error: &dyn std::fmt::Display| PlatformError::Refused {
        url: "the issuer's own certificate".to_owned(),
        answer: error.to_string(),
    };
    let certificate = CertificateDer::from_pem_slice(pair.certificate.as_bytes())
        .map_err(|error| broken(&error))?;
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).map_err(|error| broken(&error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| broken(&error))?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .map_err(|error| broken(&error))?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
