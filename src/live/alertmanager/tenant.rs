//! Which tenant an alert speaks of.

use std::collections::BTreeMap;

/// How alerts name tenants.
pub(super) struct Tenants {
    /// The label that does.
    pub(super) label: String,
    /// The domain of tenants' addresses.
    pub(super) domain: String,
}

/// Labels that may hold an address, the likeliest first.
const ADDRESSES: [&str; 7] = ["instance", "target", "host", "hostname", "url", "datname", "domain"];

/// The namespace of an instance of its own begins so.
const NAMESPACE: &str = "instance-";

impl Tenants {
    /// The tenant that `labels` speak of.
    pub(super) fn of<'a>(&self, labels: &'a BTreeMap<String, String>) -> Option<&'a str> {
        let label = |name: &str| labels.get(name).map(String::as_str).filter(|it| !it.is_empty());
        label(&self.label)
            .or_else(|| ADDRESSES.iter().find_map(|name| self.in_address(label(name)?)))
            .or_else(|| {
                let own = label("namespace")?.strip_prefix(NAMESPACE)?;
                (!own.is_empty()).then_some(own)
            })
    }

    /// The tenant whose address `raw` is, with or without scheme, port and path.
    fn in_address<'a>(&self, raw: &'a str) -> Option<&'a str> {
        let rest = raw.split_once("://").map_or(raw, |(_, rest)| rest);
        let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
        let name = host.strip_suffix(&self.domain)?.strip_suffix('.')?;
        (!name.is_empty() && !name.contains('.')).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_named_by_label_address_or_namespace() {
        let tenants = Tenants { label: "tenant".into(), domain: "planapulse.app".into() };
        for (labels, tenant) in [
            (vec![("tenant", "acme"), ("instance", "rila.planapulse.app")], Some("acme")),
            (vec![("tenant", ""), ("instance", "rila.planapulse.app:443")], Some("rila")),
            (vec![("instance", "https://rila.planapulse.app/web/health")], Some("rila")),
            (vec![("datname", "rila.planapulse.app")], Some("rila")),
            (vec![("instance", "pg01.planapulse.com:9187")], None),
            (vec![("instance", "a.b.planapulse.app")], None),
            (vec![("instance", "planapulse.app")], None),
            (vec![("instance", "evilplanapulse.app")], None),
            (vec![("namespace", "instance-rila")], Some("rila")),
            (vec![("namespace", "plana-odoo-18")], None),
            (vec![], None),
        ] {
            let labels: BTreeMap<String, String> =
                labels.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
            assert_eq!(tenants.of(&labels), tenant, "{labels:?}");
        }
    }
}
