//! The way to the server when there is a proxy: the kubeconfig's `proxy-url`, else the environment's.

use std::env;
use std::net::IpAddr;

use http::Uri;

/// The proxy for `server`, if any. What the environment says doesn't count for this machine itself, nor for
/// what `NO_PROXY` lists.
pub(super) fn choose(configured: Option<&str>, server: &Uri) -> Option<Uri> {
    if let Some(proxy) = configured.filter(|proxy| !proxy.is_empty()) {
        return proxy.parse().ok();
    }
    let proxy = variable("HTTPS_PROXY")?;
    let host = server.host().unwrap_or_default().trim_matches(['[', ']']);
    let direct = is_here(host) || bypasses(&variable("NO_PROXY").unwrap_or_default(), host);
    if direct { None } else { proxy.parse().ok() }
}

fn variable(name: &str) -> Option<String> {
    let value = env::var(name)
        .or_else(|_| env::var(name.to_ascii_lowercase()))
        .ok()?;
    (!value.is_empty()).then_some(value)
}

fn is_here(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether `list`, as in `NO_PROXY`, has `host`: by name, by domain, by address or by network.
fn bypasses(list: &str, host: &str) -> bool {
    list.split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .any(|entry| {
            if entry == "*" || entry.eq_ignore_ascii_case(host) {
                return true;
            }
            if let Some((network, bits)) = entry.split_once('/') {
                return in_network(network, bits, host);
            }
            let domain = entry
                .trim_start_matches("*.")
                .trim_start_matches('.')
                .to_ascii_lowercase();
            host.to_ascii_lowercase()
                .strip_suffix(&domain)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
}

fn in_network(network: &str, bits: &str, host: &str) -> bool {
    let (Ok(network), Ok(host), Ok(bits)) = (
        network.parse::<IpAddr>(),
        host.parse::<IpAddr>(),
        bits.parse::<u32>(),
    ) else {
        return false;
    };
    let (network, host, width) = match (network, host) {
        (IpAddr::V4(network), IpAddr::V4(host)) => (
            u128::from(network.to_bits()),
            u128::from(host.to_bits()),
            32,
        ),
        (IpAddr::V6(network), IpAddr::V6(host)) => (network.to_bits(), host.to_bits(), 128),
        _ => return false,
    };
    bits <= width && (network ^ host).checked_shr(width - bits).unwrap_or(0) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_passed_by_the_proxy() {
        for (list, host, direct) in [
            ("", "api.example.com", false),
            ("*", "api.example.com", true),
            ("example.com", "api.example.com", true),
            (".example.com", "API.example.com", true),
            ("*.example.com", "api.example.com", true),
            ("ample.com", "api.example.com", false),
            ("other, 10.0.0.0/8", "10.4.5.6", true),
            ("10.0.0.0/8", "11.4.5.6", false),
            ("10.0.0.0/99", "10.4.5.6", false),
            ("0.0.0.0/0", "11.4.5.6", true),
            ("fd00::/8", "fd12::1", true),
            ("10.1.2.3", "10.1.2.3", true),
        ] {
            assert_eq!(bypasses(list, host), direct, "{list} {host}");
        }
        for (host, here) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("::1", true),
            ("10.0.0.1", false),
        ] {
            assert_eq!(is_here(host), here, "{host}");
        }
    }

    #[test]
    fn the_kubeconfig_wins() {
        let server: Uri = "https://10.0.0.1:6443".parse().expect("an address");
        assert_eq!(
            choose(Some("socks5://127.0.0.1:1080"), &server)
                .map(|uri| uri.to_string())
                .as_deref(),
            Some("socks5://127.0.0.1:1080/")
        );
    }
}
