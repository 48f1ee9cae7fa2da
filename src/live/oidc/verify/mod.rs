//! Whether an ID token is the provider's, for us, of now, and an answer to what was asked.
//!
//! The signature, the issuer, the audience and the times are checked by the library, the rest here. A refusal says which
//! rule is not met and repeats nothing of the token: a token that is refused may be good somewhere else.

use std::str::FromStr as _;

use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreGenderClaim, CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, ClaimsVerificationError, ClientId, IdToken,
    IdTokenClaims, IdTokenVerifier, IssuerUrl, Nonce, SignatureVerificationError,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::domain::{Span, Text, Timestamp, Trouble, TroubleKind};

/// The largest token that is looked at, in bytes.
const LARGEST: usize = 16 * 1024;
/// How far the provider's clock may be ahead of ours.
const SKEW: Span = Span::from_secs(60);
/// The most groups that a person may be in.
pub(super) const MOST_GROUPS: usize = 500;
/// The longest subject that the protocol allows.
const LONGEST_SUBJECT: usize = 255;
/// As much of a name as is kept, in bytes.
const NAME: usize = 256;

/// Signatures that a provider can make and nobody else. What anyone can make with a public key (HS*), and none at all, is
/// not among them.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What a token must say.
#[derive(Clone, Copy)]
pub(super) struct Expected<'a> {
    /// Who must have made it.
    pub(super) issuer: &'a str,
    /// For whom.
    pub(super) client_id: &'a str,
    /// In answer to what; none where nothing could be sent along.
    pub(super) nonce: Option<&'a str>,
    /// How long ago at most; none for a renewal, which may repeat an older one.
    pub(super) within: Option<Span>,
    /// Now.
    pub(super) now: Timestamp,
}

/// What a token says of a person.
#[derive(Clone, Debug)]
pub(super) struct Claims {
    /// `sub`.
    pub(super) subject: Text,
    /// What they sign in as: `preferred_username`, else the e-mail address, else the subject.
    pub(super) user: Text,
    /// What they are called; empty when it is not said.
    pub(super) name: Text,
    /// The groups; none when nothing is said of groups.
    pub(super) groups: Option<Vec<Text>>,
    /// `amr`.
    pub(super) factors: Option<Vec<Text>>,
    /// `auth_time`.
    pub(super) proved_at: Option<Timestamp>,
    /// `iat`.
    pub(super) issued_at: Timestamp,
    /// `exp`.
    pub(super) expires_at: Timestamp,
}

/// Which rule a token breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("it is larger than {} KiB", LARGEST >> 10)]
    Large,
    #[error("it is no token that can be read")]
    Unreadable,
    #[error("it is not signed (alg)")]
    Unsigned,
    #[error("it is signed in a way that is not allowed here (alg {0})")]
    Algorithm(String),
    #[error("it is signed with a key that the provider does not publish (kid)")]
    UnknownKey,
    #[error("its signature is wrong")]
    Signature,
    #[error("it was made by another issuer (iss)")]
    Issuer,
    #[error("it is for another application (aud)")]
    Audience,
    #[error("it was given to another application (azp)")]
    Party,
    #[error("it has expired (exp)")]
    Expired,
    #[error("it was made {0} from now (iat)")]
    Future(Span),
    #[error("it was made {0} ago (iat)")]
    Old(Span),
    #[error("it is not the answer to this sign-in (nonce)")]
    Nonce,
    #[error("it belongs to another access token (at_hash)")]
    AccessToken,
    #[error("it does not say whose it is in a way that can be told apart (sub)")]
    Subject,
    #[error("it lists {0} groups, and {MOST_GROUPS} are read at most (groups)")]
    Groups(usize),
}

impl Refusal {
    /// The sentence, while `doing` something.
    pub(super) fn trouble(&self, doing: &str, client_id: &str) -> Trouble {
        let remedy = match self {
            Self::Issuer => {
                "Set identity.issuer to the issuer that the provider calls itself.".to_owned()
            }
            Self::Audience | Self::Party => format!(
                "Begin again; if it stays so, see whether the provider knows this console as {client_id}."
            ),
            Self::Expired | Self::Future(_) | Self::Old(_) => {
                "Compare this machine's clock with the provider's, then begin again.".to_owned()
            }
            Self::Nonce => "Begin again, and finish only what was begun here.".to_owned(),
            Self::Unsigned | Self::Algorithm(_) => {
                "Ask who runs the provider to sign ID tokens with RS256, PS256, ES256 or EdDSA."
                    .to_owned()
            }
            Self::Groups(_) => "Ask who runs the provider to list fewer groups.".to_owned(),
            Self::Signature | Self::AccessToken => {
                "Begin again; if it stays so, somebody may stand between: ask who runs the provider."
                    .to_owned()
            }
            Self::UnknownKey => {
                "Begin again in a minute; if it stays so, ask who runs the provider.".to_owned()
            }
            Self::Large | Self::Unreadable | Self::Subject => {
                "Ask who runs the provider what it puts into ID tokens.".to_owned()
            }
        };
        let what = format!("{doing}: the provider's ID token is refused, for {self}");
        Trouble::new(TroubleKind::Protocol, &what, &remedy)
    }
}

/// What the standard has no claim for.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct More {
    groups: Option<Vec<String>>,
}

impl AdditionalClaims for More {}

type Token =
    IdToken<More, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
type Said = IdTokenClaims<More, CoreGenderClaim>;
type Verifier<'a> = IdTokenVerifier<'a, CoreJsonWebKey>;

/// What `token` says, when it is one of `keys` and as `expected`. It came beside the access token `access`.
///
/// # Errors
/// The first rule that it breaks.
pub(super) fn verify(
    token: &SecretString,
    access: Option<&SecretString>,
    keys: &CoreJsonWebKeySet,
    expected: Expected<'_>,
) -> Result<Claims, Refusal> {
    let token = token.expose_secret();
    if token.len() > LARGEST {
        return Err(Refusal::Large);
    }
    let token = Token::from_str(token).map_err(|_| Refusal::Unreadable)?;
    let algorithm = token.signing_alg().map_err(|_| Refusal::Unsigned)?.clone();
    if !ALGORITHMS.contains(&algorithm) {
        return Err(match algorithm {
            CoreJwsSigningAlgorithm::None => Refusal::Unsigned,
            other => Refusal::Algorithm(name(&other)),
        });
    }
    let verifier = verifier(keys, expected)?;
    let said = token.claims(&verifier, |nonce: Option<&Nonce>| check_nonce(nonce, expected));
    let said = said.map_err(|error| broken(&error))?;
    check_party(said, expected.client_id)?;
    check_issued(said, expected)?;
    check_access(&token, said, &verifier, &algorithm, access)?;
    claims(said)
}

fn verifier<'a>(keys: &CoreJsonWebKeySet, expected: Expected<'_>) -> Result<Verifier<'a>, Refusal> {
    let issuer = IssuerUrl::new(expected.issuer.to_owned()).map_err(|_| Refusal::Issuer)?;
    let client_id = ClientId::new(expected.client_id.to_owned());
    let keys = CoreJsonWebKeySet::new(keys.keys().clone());
    let now = expected.now.utc();
    Ok(Verifier::new_public_client(client_id, issuer, keys)
        .set_allowed_algs(ALGORITHMS)
        // For whom else it is matters not once it is for us and was given to us: that is what azp says.
        .set_other_audience_verifier_fn(|_| true)
        .set_time_fn(move || now))
}

fn name(algorithm: &CoreJwsSigningAlgorithm) -> String {
    let name = serde_json::to_value(algorithm).ok();
    name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn broken(error: &ClaimsVerificationError) -> Refusal {
    use SignatureVerificationError::{DisallowedAlg, NoMatchingKey, NoSignature};
    match error {
        ClaimsVerificationError::Expired(_) => Refusal::Expired,
        ClaimsVerificationError::InvalidAudience(_) => Refusal::Audience,
        ClaimsVerificationError::InvalidIssuer(_) => Refusal::Issuer,
        ClaimsVerificationError::InvalidNonce(_) => Refusal::Nonce,
        ClaimsVerificationError::InvalidSubject(_) => Refusal::Subject,
        ClaimsVerificationError::SignatureVerification(why) => match why {
            NoMatchingKey => Refusal::UnknownKey,
            NoSignature => Refusal::Unsigned,
            DisallowedAlg(_) => Refusal::Algorithm(String::new()),
            _ => Refusal::Signature,
        },
        _ => Refusal::Unreadable,
    }
}

/// Compares without telling by the time it takes how much of it was right: the library's comparison.
fn check_nonce(given: Option<&Nonce>, expected: Expected<'_>) -> Result<(), String> {
    use openidconnect::NonceVerifier as _;
    match expected.nonce {
        Some(nonce) => (&Nonce::new(nonce.to_owned())).verify(given),
        None => Ok(()),
    }
}

fn check_party(said: &Said, client_id: &str) -> Result<(), Refusal> {
    match said.authorized_party() {
        Some(party) if party.as_str() != client_id => Err(Refusal::Party),
        None if said.audiences().len() > 1 => Err(Refusal::Party),
        _ => Ok(()),
    }
}

fn check_issued(said: &Said, expected: Expected<'_>) -> Result<(), Refusal> {
    let issued = moment(said.issue_time());
    let ahead = issued.since(expected.now);
    if ahead > SKEW {
        return Err(Refusal::Future(ahead));
    }
    let age = expected.now.since(issued);
    match expected.within {
        Some(within) if age > within => Err(Refusal::Old(age)),
        _ => Ok(()),
    }
}

fn check_access(
    token: &Token,
    said: &Said,
    verifier: &Verifier<'_>,
    algorithm: &CoreJwsSigningAlgorithm,
    access: Option<&SecretString>,
) -> Result<(), Refusal> {
    let (Some(given), Some(access)) = (said.access_token_hash(), access) else { return Ok(()) };
    let key = token.signing_key(verifier).map_err(|_| Refusal::Signature)?;
    let access = AccessToken::new(access.expose_secret().to_owned());
    match AccessTokenHash::from_token(&access, algorithm, key) {
        Ok(hash) if hash == *given => Ok(()),
        _ => Err(Refusal::AccessToken),
    }
}

fn claims(said: &Said) -> Result<Claims, Refusal> {
    let subject = subject(said.subject().as_str())?;
    let groups = said.additional_claims().groups.as_deref().map(groups).transpose()?;
    let user = said.preferred_username().map(|user| user.as_str());
    let email = || said.email().map(|email| email.as_str());
    let filled = |text: &&str| !text.trim().is_empty();
    let user = user.filter(filled).or_else(|| email().filter(filled));
    let called = said.name().and_then(|name| name.get(None));
    let factors = said.auth_method_refs();
    Ok(Claims {
        user: user.map_or_else(|| subject.clone(), |user| Text::bounded(user, NAME)),
        name: called.map(|name| Text::bounded(name.as_str(), NAME)).unwrap_or_default(),
        groups,
        factors: factors
            .map(|all| all.iter().take(20).map(|of| Text::bounded(of.as_str(), 64)).collect()),
        proved_at: said.auth_time().map(moment),
        issued_at: moment(said.issue_time()),
        expires_at: moment(said.expiration()),
        subject,
    })
}

/// A subject, unchanged: two that would be shown alike are not told apart otherwise.
pub(super) fn subject(raw: &str) -> Result<Text, Refusal> {
    let subject = Text::clean(raw);
    let whole = subject == raw && !raw.is_empty() && raw.len() <= LONGEST_SUBJECT;
    whole.then_some(subject).ok_or(Refusal::Subject)
}

/// The names of groups, as far as they are bounded.
pub(super) fn groups(raw: &[String]) -> Result<Vec<Text>, Refusal> {
    if raw.len() > MOST_GROUPS {
        return Err(Refusal::Groups(raw.len()));
    }
    Ok(raw.iter().map(|group| Text::bounded(group, NAME)).collect())
}

fn moment(at: DateTime<Utc>) -> Timestamp {
    Timestamp::from_ms(at.timestamp_millis())
}

#[cfg(test)]
mod tests;
