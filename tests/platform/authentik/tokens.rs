//! The key of the stand-in, made when it starts, and what it signs.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::SignatureScheme;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use serde_json::{Value, json};

use crate::platform::PlatformError;

/// The name of the key.
const KID: &str = "made-for-this-run";

/// A key of RSA, which signs as RS256.
#[derive(Clone, Debug)]
pub(super) struct Key {
    signer: Arc<dyn SigningKey>,
    modulus: String,
    exponent: String,
}

impl Key {
    /// The key of this process: making one takes a while.
    pub(super) fn of_process() -> Result<Self, PlatformError> {
        static KEY: OnceLock<Key> = OnceLock::new();
        if let Some(key) = KEY.get() {
            return Ok(key.clone());
        }
        let made = Self::make()?;
        Ok(KEY.get_or_init(|| made).clone())
    }

    fn make() -> Result<Self, PlatformError> {
        let pair =
            rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048)?;
        let der =
            PrivateKeyDer::try_from(pair.serialize_der()).expect("a key in one of the usual forms");
        let signer = rustls::crypto::aws_lc_rs::sign::any_supported_type(&der)
            .expect("the library's own key is understood");
        let [modulus, exponent] = numbers(pair.public_key_raw());
        Ok(Self { signer, modulus: encoded(modulus), exponent: encoded(exponent) })
    }

    /// What is published of it.
    pub(super) fn published(&self) -> Value {
        json!({ "keys": [{
            "kty": "RSA", "alg": "RS256", "use": "sig", "kid": KID, "n": self.modulus, "e": self.exponent,
        }] })
    }

    /// A token that says `claims`.
    pub(super) fn sign(&self, claims: &Value) -> String {
        let head = json!({ "alg": "RS256", "kid": KID, "typ": "JWT" });
        let said = format!("{}.{}", encoded(head.to_string()), encoded(claims.to_string()));
        let signer = self.signer.choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA256]);
        let signature = signer.expect("RSA signs so").sign(said.as_bytes()).expect("a signature");
        format!("{said}.{}", encoded(signature))
    }
}

/// The two numbers of a public key, from its sequence of two DER integers.
fn numbers(der: &[u8]) -> [&[u8]; 2] {
    let (_, sequence, _) = element(der);
    let (_, modulus, rest) = element(sequence);
    let (_, exponent, _) = element(rest);
    // A number whose first bit is set begins with a zero, so that it is not negative.
    [modulus, exponent].map(|number| number.strip_prefix(&[0]).unwrap_or(number))
}

/// The tag and the content of the first DER element, and what follows it.
fn element(der: &[u8]) -> (u8, &[u8], &[u8]) {
    let (tag, rest) = (der[0], &der[1..]);
    let (length, rest) = match rest[0] {
        short @ ..0x80 => (usize::from(short), &rest[1..]),
        long => {
            let digits = usize::from(long & 0x7f);
            let length =
                rest[1..=digits].iter().fold(0, |all, digit| all << 8 | usize::from(*digit));
            (length, &rest[1 + digits..])
        }
    };
    (tag, &rest[..length], &rest[length..])
}

pub(super) fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// SHA-256.
pub(super) fn digest(bytes: &[u8]) -> Vec<u8> {
    let suite = rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_128_GCM_SHA256;
    let suite = suite.tls13().expect("a suite of TLS 1.3");
    suite.common.hash_provider.hash(bytes).as_ref().to_vec()
}

/// The left half of the digest of `token`, as ID tokens name what came with them.
pub(super) fn half(token: &str) -> String {
    encoded(&digest(token.as_bytes())[..16])
}
