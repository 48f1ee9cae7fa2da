//! What exporters tell of the platform, as a pure function of the time: probes of tenants, pods, certificates, pg01, Valkey.

use std::f64::consts::TAU;
use std::fmt::Write as _;

use super::kinds::{client_name, client_version};

/// The clients whose Odoo is not there: its target can't be reached.
pub const DOWN: [usize; 2] = [9, 34];
/// The clients whose page takes too long. The first of them is down too, so that its warning is inhibited.
pub const SLOW: [usize; 2] = [9, 21];
/// Tenants beyond this have no series.
const TENANTS: usize = 60;
const DAY: f64 = 86_400.0;

/// Days left of each certificate when the series began.
const CERTIFICATES: [(&str, f64); 3] =
    [("*.planapulse.app", 41.0), ("*.planapulse.ai", 63.0), ("*.planapulse.dev", 9.0)];

/// Writes one sample for each series; with `stamped`, each says its time, as files of history need it.
pub fn write(out: &mut String, tenants: usize, begun: f64, at: f64, stamped: bool) {
    let end = if stamped { format!(" {at:.3}\n") } else { "\n".to_owned() };
    let mut line = |name: &str, labels: &str, value: f64| {
        // Writing to a string can't fail.
        let _ = write!(out, "{name}{{{labels}}} {value}{end}");
    };
    // Days are busy, nights are not.
    let busy = 1.2 + (at / DAY * TAU).sin();
    for index in 0..tenants.min(TENANTS) {
        let tenant = client_name(index);
        let labels = format!(
            "job=\"blackbox\",tenant=\"{tenant}\",instance=\"https://{tenant}.planapulse.app/web/health\""
        );
        let down = DOWN.contains(&index);
        let own = f64::from(u32::try_from(index).unwrap_or(0));
        let usual = 0.08 + busy * 0.04 + (at / 97.0 + own).sin().abs() * 0.05;
        let seconds = if SLOW.contains(&index) { 2.4 + usual } else { usual };
        line("probe_success", &labels, if down { 0.0 } else { 1.0 });
        line("probe_http_status_code", &labels, if down { 503.0 } else { 200.0 });
        line("probe_duration_seconds", &labels, seconds);
        let labels = format!("job=\"odoo-requests\",tenant=\"{tenant}\"");
        // The integral of a rate that is never below zero.
        let wave = (at / DAY * TAU).cos() * DAY / TAU;
        let requests = (own + 1.0) * (1.2 * (at - begun + DAY) - wave);
        line("odoo_http_requests_total", &labels, requests.max(0.0).floor());
    }
    for version in ["17", "18", "19"] {
        let pod = |number: u32| {
            format!(
                "job=\"kube-state-metrics\",namespace=\"plana-odoo-{version}\",pod=\"worker-odoo-{version}-{number}\",container=\"odoo\""
            )
        };
        let name = "kube_pod_container_status_restarts_total";
        line(name, &pod(0), 1.0);
        // One pod can't stay up.
        line(name, &pod(1), if version == "18" { (at / 20.0).floor() } else { 0.0 });
    }
    for (host, days) in CERTIFICATES {
        let labels = format!("job=\"blackbox-tls\",instance=\"{host}\"");
        line("probe_ssl_earliest_cert_expiry", &labels, begun + days * DAY);
    }
    let pg01 = "job=\"postgres\",instance=\"pg01\"";
    line("pg_up", pg01, 1.0);
    line("pg_stat_activity_count", pg01, (40.0 + busy * 55.0).floor());
    line("node_filesystem_avail_bytes", pg01, 5e11 - (at - begun) * 9e3);
    let valkey = "job=\"valkey\",instance=\"redis\"";
    line("redis_connected_clients", valkey, (18.0 + busy * 9.0).floor());
    line("redis_memory_used_bytes", valkey, 4e8 + busy * 6e7);
}

/// The tenant's labels as Prometheus keeps them on every alert of it, as YAML.
pub fn tenant_labels(index: usize) -> String {
    let tenant = client_name(index);
    format!(
        "{{tenant: \"{tenant}\", tier: \"{}\", namespace: \"plana-odoo-{}\", instance: \"{tenant}.planapulse.app:443\"}}",
        super::kinds::client_tier(index),
        client_version(index),
    )
}
