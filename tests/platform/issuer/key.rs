//! A key that the provider signs with (Ed25519).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PublicKeyData as _, SigningKey as _};
use serde_json::{Value, json};

use crate::platform::PlatformError;

/// A key and its name.
pub(super) struct Key {
    name: String,
    pair: KeyPair,
}

impl Key {
    pub(super) fn new(name: &str) -> Result<Self, PlatformError> {
        Ok(Self { name: name.into(), pair: KeyPair::generate_for(&rcgen::PKCS_ED25519)? })
    }

    /// As it is published.
    pub(super) fn public(&self) -> Value {
        let x = encoded(self.pair.der_bytes());
        json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": self.name, "x": x})
    }

    /// A token that says `claims`.
    pub(super) fn sign(&self, claims: &Value) -> String {
        let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": self.name});
        let message = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
        let signature = self.pair.sign(message.as_bytes()).unwrap_or_default();
        format!("{message}.{}", encoded(signature))
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
