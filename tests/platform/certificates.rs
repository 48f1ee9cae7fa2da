//! Certificates for loopback servers and their users, from an authority that lives as long as the test.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd,
};

use super::PlatformError;

/// Whether a certificate can still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// For a century.
    Valid,
    /// It ended in 2021.
    Expired,
}

/// A certificate and its key, both as PEM.
#[derive(Debug)]
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// The private key (PKCS 8).
    pub key: String,
}

/// A certificate authority.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Authority")
    }
}

impl Authority {
    /// Makes a new authority.
    pub fn new() -> Result<Self, PlatformError> {
        let mut params = params("pulse-console test authority", &[], Validity::Valid)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)? })
    }

    /// The authority's own certificate, as PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A certificate for a server on 127.0.0.1 and localhost.
    pub fn server(&self, validity: Validity) -> Result<Pair, PlatformError> {
        let mut params = params("127.0.0.1", &[], validity)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        for name in ["127.0.0.1", "localhost"] {
            let named = CertificateParams::new(vec![name.to_owned()])?;
            params.subject_alt_names.extend(named.subject_alt_names);
        }
        self.sign(&params)
    }

    /// A certificate for a user: to Kubernetes the name is the user, the organization is the group.
    pub fn user(
        &self,
        name: &str,
        groups: &[&str],
        validity: Validity,
    ) -> Result<Pair, PlatformError> {
        let mut params = params(name, groups, validity)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Result<Pair, PlatformError> {
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Pair { certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

/// A key pair alone, private and public as PEM: for signing service account tokens.
pub fn signing_keys() -> Result<[String; 2], PlatformError> {
    let pair = KeyPair::generate()?;
    Ok([pair.serialize_pem(), pair.public_key_pem()])
}

fn params(
    name: &str,
    groups: &[&str],
    validity: Validity,
) -> Result<CertificateParams, PlatformError> {
    let mut params = CertificateParams::new(Vec::new())?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    // The library keeps one value of each sort; one that it has no word for is another sort to it.
    let sorts = [DnType::OrganizationName, DnType::CustomDnType(vec![2, 5, 4, 10])];
    for (sort, group) in sorts.into_iter().zip(groups) {
        subject.push(sort, *group);
    }
    params.distinguished_name = subject;
    params.use_authority_key_identifier_extension = true;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = match validity {
        Validity::Valid => date_time_ymd(2120, 1, 1),
        Validity::Expired => date_time_ymd(2021, 1, 1),
    };
    Ok(params)
}
