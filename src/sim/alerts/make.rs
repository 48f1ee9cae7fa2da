//! Alerts as the platform's rules make them: with the labels and annotations of the real ones.

use crate::domain::{Alert, AlertState, ClientSpec, Severity, Text, Timestamp, Uid};

/// What a rule says of one thing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Case {
    /// The alert's name.
    pub(super) name: &'static str,
    /// Or the name that a scenario gives it.
    pub(super) named: Option<Text>,
    /// The word of its label.
    pub(super) severity: &'static str,
    /// Whose it is.
    pub(super) tenant: Option<ClientSpec>,
    /// What it speaks of beside the tenant, such as a job.
    pub(super) subject: Option<(&'static str, Text)>,
    /// What it says.
    pub(super) says: Text,
    /// Since when.
    pub(super) since: Timestamp,
}

impl Case {
    /// Its name.
    pub(super) fn name(&self) -> &str {
        self.named.as_ref().map_or(self.name, Text::as_str)
    }

    /// Its identity: the same labels always have the same.
    pub(super) fn uid(&self) -> Uid {
        let tenant = self.tenant.as_ref().map_or("", |spec| spec.subdomain.as_str());
        let subject = self.subject.as_ref().map_or("", |(_, value)| value.as_str());
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        for byte in [self.name(), tenant, subject].join("\u{1f}").bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Uid(Text::clean(&format!("{hash:016x}")))
    }

    /// The alert as Alertmanager would tell it, before anything mutes it.
    pub(super) fn alert(&self) -> Alert {
        let name = self.name();
        let mut labels = vec![
            ("alertname", name.to_owned()),
            ("severity", self.severity.to_owned()),
            ("cluster", "plana-pulse-bg-sof-1".to_owned()),
        ];
        if let Some(spec) = &self.tenant {
            let tenant = spec.subdomain.as_str();
            labels.extend([
                ("tenant", tenant.to_owned()),
                ("tier", spec.tier.to_string()),
                ("namespace", format!("plana-odoo-{}", spec.odoo_version)),
                ("instance", format!("{tenant}.planapulse.app:443")),
            ]);
        }
        labels.extend(self.subject.as_ref().map(|(name, value)| (*name, value.to_string())));
        labels.sort();
        let page = format!(
            "https://docs.planapulse.com/platform/operations/alert-response#{}",
            name.to_lowercase()
        );
        let annotations = [("runbook_url", page.as_str()), ("summary", self.says.as_str())];
        let pair = |name: &str, value: &str| (Text::clean(name), Text::clean(value));
        Alert {
            uid: self.uid(),
            name: Text::clean(name),
            severity: Severity::of_label(self.severity),
            tenant: self.tenant.as_ref().map(|spec| spec.subdomain.clone()),
            state: AlertState::Firing,
            since: self.since,
            updated: self.since,
            ends: None,
            labels: labels.iter().map(|(name, value)| pair(name, value)).collect(),
            annotations: annotations.iter().map(|(name, value)| pair(name, value)).collect(),
            silenced_by: Box::default(),
            inhibited_by: Box::default(),
            receivers: Box::new([Text::clean("matrix-alerts")]),
            source: Text::clean("http://prometheus.monitoring.svc:9090/graph"),
        }
    }
}
