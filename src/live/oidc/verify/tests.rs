//! A good token, and every way for one to be bad.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use openidconnect::PrivateSigningKey as _;
use openidconnect::core::CoreHmacKey;
use rcgen::{KeyPair, PublicKeyData as _, SigningKey as _};
use serde_json::{Value, json};

use super::*;

const ISSUER: &str = "https://auth.example/application/o/console/";
const CLIENT: &str = "pulse-console";
const NONCE: &str = "nonce-of-this-sign-in";
const ACCESS: &str = "access-token";
/// In every token; no sentence may repeat it.
const MARKER: &str = "MARKER-of-a-token";
const NOW: Timestamp = Timestamp::from_ms(1_790_000_000_000);

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn secs(at: Timestamp) -> i64 {
    at.ms() / 1000
}

/// A key of the provider's.
struct Key {
    pair: KeyPair,
    algorithm: &'static str,
}

impl Key {
    fn new(algorithm: &'static str) -> Self {
        let of = match algorithm {
            "RS256" => &rcgen::PKCS_RSA_SHA256,
            "RS384" => &rcgen::PKCS_RSA_SHA384,
            "RS512" => &rcgen::PKCS_RSA_SHA512,
            "ES256" => &rcgen::PKCS_ECDSA_P256_SHA256,
            "ES384" => &rcgen::PKCS_ECDSA_P384_SHA384,
            _ => &rcgen::PKCS_ED25519,
        };
        Self { pair: KeyPair::generate_for(of).expect("a key"), algorithm }
    }

    fn jwk(&self, kid: &str) -> Value {
        let raw = self.pair.der_bytes();
        match self.algorithm {
            "EdDSA" => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "use": "sig", "x": encoded(raw)})
            }
            "ES256" | "ES384" => {
                let (x, y) = raw[1..].split_at((raw.len() - 1) / 2);
                let curve = if raw.len() == 65 { "P-256" } else { "P-384" };
                json!({"kty": "EC", "crv": curve, "kid": kid, "use": "sig", "x": encoded(x), "y": encoded(y)})
            }
            _ => {
                let [n, e] = integers(raw);
                json!({"kty": "RSA", "kid": kid, "use": "sig", "n": encoded(n), "e": encoded(e)})
            }
        }
    }

    fn sign(&self, message: &str) -> Vec<u8> {
        let signature = self.pair.sign(message.as_bytes()).expect("a signature");
        let half = match self.algorithm {
            "ES256" => 32,
            "ES384" => 48,
            _ => return signature,
        };
        integers(&signature)
            .into_iter()
            .flat_map(|number| [vec![0; half - number.len()], number].concat())
            .collect()
    }
}

/// The two integers of a DER sequence, without the zeros before them.
fn integers(der: &[u8]) -> [Vec<u8>; 2] {
    fn content(der: &[u8]) -> (&[u8], &[u8]) {
        let (length, from) = match der[1] {
            short @ 0..=127 => (usize::from(short), 2),
            long => {
                let count = usize::from(long & 127);
                let bytes = &der[2..2 + count];
                (bytes.iter().fold(0, |all, byte| all << 8 | usize::from(*byte)), 2 + count)
            }
        };
        der[from..].split_at(length)
    }
    let (inside, _) = content(der);
    let (first, rest) = content(inside);
    let (second, _) = content(rest);
    [first, second].map(|number| number.iter().copied().skip_while(|byte| *byte == 0).collect())
}

fn claims_of_maria() -> Value {
    json!({
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "8f14e45f",
        "iat": secs(NOW) - 5,
        "exp": secs(NOW) + 300,
        "auth_time": secs(NOW) - 30,
        "nonce": NONCE,
        "acr": "goauthentik.io/providers/oauth2/default",
        "amr": ["pwd", "mfa"],
        "preferred_username": "maria",
        "name": "Мария Стоянова",
        "email": "maria@plana.example",
        "groups": ["plana-staff", "plana-seniors"],
        "sid": MARKER,
    })
}

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut claims = claims_of_maria();
    change(&mut claims);
    claims
}

fn token(key: &Key, kid: &str, claims: &Value) -> SecretString {
    let header = json!({"alg": key.algorithm, "typ": "JWT", "kid": kid});
    let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
    let signature = encoded(key.sign(&message));
    SecretString::from(format!("{message}.{signature}"))
}

fn published(keys: &[Value]) -> CoreJsonWebKeySet {
    serde_json::from_value(json!({"keys": keys})).expect("keys")
}

fn expected() -> Expected<'static> {
    Expected {
        issuer: ISSUER,
        client_id: CLIENT,
        nonce: Some(NONCE),
        within: Some(Span::from_secs(600)),
        now: NOW,
    }
}

fn check(token: &SecretString, keys: &CoreJsonWebKeySet) -> Result<Claims, Refusal> {
    let verified = verify(token, Some(&SecretString::from(ACCESS)), keys, expected());
    if let Err(refusal) = &verified {
        let said = refusal.trouble("signing in", CLIENT).to_string();
        let parts = token.expose_secret().split('.').filter(|part| part.len() > 8);
        for secret in parts.chain([MARKER, ACCESS, NONCE, "maria", "8f14e45f"]) {
            assert!(!said.contains(secret), "{secret} is in: {said}");
        }
        assert!(said.contains(&refusal.to_string()) && said.ends_with('.'), "{said}");
    }
    verified
}

/// Left half of a SHA-256, which is what `at_hash` of these algorithms is.
fn at_hash(access: &str) -> String {
    use openidconnect::JsonWebKey as _;
    let key = CoreJsonWebKey::new_symmetric(Vec::new());
    let hash = key.hash_bytes(access.as_bytes(), &CoreJwsSigningAlgorithm::HmacSha256);
    encoded(&hash.expect("a hash")[..16])
}

#[test]
fn a_good_token_says_who_it_is() {
    let key = Key::new("ES256");
    let claims = with(|claims| claims["at_hash"] = at_hash(ACCESS).into());
    let said = check(&token(&key, "one", &claims), &published(&[key.jwk("one")])).expect("good");
    assert_eq!(said.subject, "8f14e45f");
    assert_eq!((said.user.as_str(), said.name.as_str()), ("maria", "Мария Стоянова"));
    assert_eq!(said.groups, Some(vec![Text::clean("plana-staff"), Text::clean("plana-seniors")]));
    assert_eq!(said.factors, Some(vec![Text::clean("pwd"), Text::clean("mfa")]));
    assert_eq!(said.proved_at, Some(NOW.before(Span::from_secs(30))));
    assert_eq!(said.issued_at, NOW.before(Span::from_secs(5)));
    assert_eq!(said.expires_at, NOW.after(Span::from_secs(300)));
}

#[test]
fn every_algorithm_with_a_private_key_is_taken() {
    for algorithm in ["RS256", "RS384", "RS512", "ES256", "ES384", "EdDSA"] {
        let key = Key::new(algorithm);
        let (good, keys) = (token(&key, "one", &claims_of_maria()), published(&[key.jwk("one")]));
        assert!(check(&good, &keys).is_ok(), "{algorithm}: {:?}", check(&good, &keys));
        let forged = token(&Key::new(algorithm), "one", &claims_of_maria());
        assert_eq!(check(&forged, &keys).err(), Some(Refusal::Signature), "{algorithm}");
    }
}

#[test]
fn what_is_missing_is_missing_and_what_stands_in_is_used() {
    let key = Key::new("EdDSA");
    let keys = published(&[key.jwk("one")]);
    let bare = with(|claims| {
        for name in ["preferred_username", "name", "groups", "amr", "auth_time"] {
            claims.as_object_mut().expect("an object").remove(name);
        }
    });
    let said = check(&token(&key, "one", &bare), &keys).expect("good");
    assert_eq!((said.user.as_str(), said.name.as_str()), ("maria@plana.example", ""));
    assert!(said.groups.is_none() && said.factors.is_none() && said.proved_at.is_none());

    let nameless = with(|claims| {
        claims["preferred_username"] = " ".into();
        claims["email"] = Value::Null;
    });
    let said = check(&token(&key, "one", &nameless), &keys).expect("good");
    assert_eq!(said.user, "8f14e45f");
}

type Change = fn(&mut Value);

#[test]
fn each_broken_rule_is_a_refusal_of_its_own() {
    let key = Key::new("EdDSA");
    let keys = published(&[Key::new("RS256").jwk("other"), key.jwk("one")]);
    let now = secs(NOW);
    let table: [(&str, Change, Refusal); 22] = [
        ("issuer", |c| c["iss"] = "https://evil.example/".into(), Refusal::Issuer),
        (
            "issuer without its slash",
            |c| c["iss"] = ISSUER.trim_end_matches('/').into(),
            Refusal::Issuer,
        ),
        ("audience", |c| c["aud"] = "grafana".into(), Refusal::Audience),
        ("no audience", |c| c["aud"] = json!([]), Refusal::Audience),
        ("others' audience", |c| c["aud"] = json!(["grafana", "odoo"]), Refusal::Audience),
        ("many, not said whose", |c| c["aud"] = json!([CLIENT, "grafana"]), Refusal::Party),
        (
            "many, another's",
            |c| {
                c["aud"] = json!([CLIENT, "grafana"]);
                c["azp"] = "grafana".into();
            },
            Refusal::Party,
        ),
        ("one, another's", |c| c["azp"] = "grafana".into(), Refusal::Party),
        ("expired", |c| c["exp"] = (secs(NOW) - 1).into(), Refusal::Expired),
        ("expires now", |c| c["exp"] = secs(NOW).into(), Refusal::Expired),
        (
            "from the future",
            |c| c["iat"] = (secs(NOW) + 61).into(),
            Refusal::Future(Span::from_secs(61)),
        ),
        ("old", |c| c["iat"] = (secs(NOW) - 601).into(), Refusal::Old(Span::from_secs(601))),
        ("nonce", |c| c["nonce"] = "of-another".into(), Refusal::Nonce),
        ("no nonce", |c| c["nonce"] = Value::Null, Refusal::Nonce),
        ("access token", |c| c["at_hash"] = at_hash("another").into(), Refusal::AccessToken),
        ("no subject", |c| c["sub"] = "".into(), Refusal::Subject),
        ("a long subject", |c| c["sub"] = "x".repeat(256).into(), Refusal::Subject),
        ("a hidden subject", |c| c["sub"] = "8f14\u{200b}e45f".into(), Refusal::Subject),
        ("groups", |c| c["groups"] = vec!["g"; 501].into(), Refusal::Groups(501)),
        ("groups that are none", |c| c["groups"] = json!({"a": 1}), Refusal::Unreadable),
        ("times that are none", |c| c["exp"] = "tomorrow".into(), Refusal::Unreadable),
        ("huge", |c| c["x"] = "x".repeat(20_000).into(), Refusal::Large),
    ];
    for (what, change, refusal) in table {
        let refused = check(&token(&key, "one", &with(change)), &keys).err();
        assert_eq!(refused, Some(refusal), "{what}");
    }
    // Each limit is where it is said to be.
    for change in [
        with(|c| c["exp"] = (now + 1).into()),
        with(|c| c["iat"] = (now + 60).into()),
        with(|c| c["iat"] = (now - 600).into()),
        with(|c| c["groups"] = vec!["g"; 500].into()),
        with(|c| (c["aud"], c["azp"]) = (json!([CLIENT, "grafana"]), CLIENT.into())),
    ] {
        assert!(check(&token(&key, "one", &change), &keys).is_ok(), "{change}");
    }
}

#[test]
fn who_signed_is_not_for_the_token_to_say() {
    let (rsa, other) = (Key::new("RS256"), Key::new("RS256"));
    let keys = published(&[rsa.jwk("one")]);
    let claims = encoded(claims_of_maria().to_string());
    let message = |header: Value| format!("{}.{claims}", encoded(header.to_string()));
    let refused = |text: String| check(&SecretString::from(text), &keys).err();

    for alg in ["none", "None", "NONE"] {
        let bare = message(json!({"alg": alg, "typ": "JWT"}));
        let refusal = refused(format!("{bare}."));
        assert!(
            matches!(refusal, Some(Refusal::Unsigned | Refusal::Unreadable)),
            "{alg}: {refusal:?}"
        );
        let signed = encoded(rsa.sign(&bare));
        assert!(refused(format!("{bare}.{signed}")).is_some(), "{alg}");
    }
    // What everybody knows is no secret: the public key, as text or as bytes, and nothing at all.
    let public =
        [rsa.pair.public_key_pem().into_bytes(), rsa.pair.der_bytes().to_vec(), Vec::new()];
    for (alg, name) in [
        (CoreJwsSigningAlgorithm::HmacSha256, "HS256"),
        (CoreJwsSigningAlgorithm::HmacSha512, "HS512"),
    ] {
        for secret in &public {
            let message = message(json!({"alg": name, "typ": "JWT", "kid": "one"}));
            let mac = CoreHmacKey::new(secret.clone()).sign(&alg, message.as_bytes());
            let refusal = refused(format!("{message}.{}", encoded(mac.expect("a mac"))));
            assert_eq!(refusal, Some(Refusal::Algorithm(name.to_owned())));
        }
    }
    let forged = token(&other, "one", &claims_of_maria());
    assert_eq!(check(&forged, &keys).err(), Some(Refusal::Signature));
    let unknown = token(&other, "two", &claims_of_maria());
    assert_eq!(check(&unknown, &keys).err(), Some(Refusal::UnknownKey));
    // A token that brings its own key along.
    let header = json!({"alg": "RS256", "kid": "one", "jwk": other.jwk("one"), "x5u": "https://evil.example"});
    let message = message(header);
    let brought = encoded(other.sign(&message));
    assert_eq!(refused(format!("{message}.{brought}")), Some(Refusal::Signature));
}

#[test]
fn what_is_changed_after_signing_is_refused() {
    let key = Key::new("ES256");
    let keys = published(&[key.jwk("one")]);
    let good = token(&key, "one", &claims_of_maria());
    let parts: Vec<&str> = good.expose_secret().split('.').collect();
    let other = encoded(with(|claims| claims["groups"] = json!(["plana-seniors"])).to_string());
    for text in [
        format!("{}.{other}.{}", parts[0], parts[2]),
        format!("{}.{}.{}", parts[0], parts[1], encoded([0; 64])),
        format!("{}.{}.{}", parts[0], parts[1], encoded([])),
    ] {
        assert_eq!(check(&SecretString::from(text), &keys).err(), Some(Refusal::Signature));
    }
    for text in ["", ".", "..", "a.b.c", "not a token", parts[0], MARKER] {
        let refused = check(&SecretString::from(text), &keys).err();
        assert_eq!(refused, Some(Refusal::Unreadable), "{text}");
    }
}

#[test]
fn an_access_token_is_no_id_token() {
    let key = Key::new("EdDSA");
    let header = json!({"alg": "EdDSA", "typ": "at+jwt", "kid": "one"});
    let claims = claims_of_maria();
    let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
    let text = format!("{message}.{}", encoded(key.sign(&message)));
    let refused = check(&SecretString::from(text), &published(&[key.jwk("one")])).err();
    assert_eq!(refused, Some(Refusal::Unreadable));
}

#[test]
fn a_device_has_no_nonce_and_a_renewal_may_repeat_an_older_one() {
    let key = Key::new("EdDSA");
    let keys = published(&[key.jwk("one")]);
    let claims = with(|claims| {
        claims["nonce"] = "of-the-sign-in".into();
        claims["iat"] = (secs(NOW) - 100_000).into();
    });
    let renewal = Expected { nonce: None, within: None, ..expected() };
    let token = token(&key, "one", &claims);
    assert!(verify(&token, None, &keys, renewal).is_ok());
    assert_eq!(verify(&token, None, &keys, expected()).err(), Some(Refusal::Nonce));
}
