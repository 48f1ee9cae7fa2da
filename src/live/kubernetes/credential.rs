//! Credentials that a command gives, by the protocol of kubectl's credential plugins.
//!
//! The command never gets the terminal, which belongs to the screen; it is killed when it takes too long,
//! and started again when its credentials run out. What it gives is never logged.

use std::process::Stdio;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, Cluster, ExecConfig};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use tokio::process::Command;

use crate::domain::{Timestamp, Trouble, TroubleKind};

/// The longest that the command may take.
const LIMIT: Duration = Duration::from_secs(20);
/// The largest answer that is read, in bytes.
const LARGEST: usize = 1024 * 1024;

#[derive(Deserialize)]
struct Credential {
    status: Option<Given>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<String>,
}

/// Replaces `user.exec` by what its command gives. Answers when these credentials run out, if it says so.
pub(super) async fn fetch(
    user: &mut AuthInfo,
    cluster: &Cluster,
    name: &str,
) -> Result<Option<Timestamp>, Trouble> {
    let Some(exec) = user.exec.take() else {
        return Ok(None);
    };
    let plugin = shown(&exec);
    let answer = run(&exec, cluster, &plugin).await?;
    let credential: Credential = serde_json::from_slice(&answer).map_err(|error| {
        // The message of the error could repeat a part of the token.
        let place = format!("line {}, column {}", error.line(), error.column());
        failed(
            &plugin,
            &format!(
                "gives no credential for user {name}: its answer is not as expected ({place})"
            ),
            "",
        )
    })?;
    let given = credential.status;
    let Some(given) =
        given.filter(|given| given.token.is_some() || given.client_certificate_data.is_some())
    else {
        return Err(failed(&plugin, &format!("gives no credential for user {name}"), ""));
    };
    user.token = given.token.map(SecretString::from);
    if let (Some(certificate), Some(key)) = (given.client_certificate_data, given.client_key_data) {
        user.client_certificate = None;
        user.client_key = None;
        user.client_certificate_data = Some(STANDARD.encode(certificate));
        user.client_key_data = Some(SecretString::from(STANDARD.encode(key)));
    }
    Ok(given.expiration_timestamp.and_then(|at| Timestamp::parse(&at)))
}

/// The command and its first words, for messages: nothing from the first option on, which may be a secret.
pub(super) fn shown(exec: &ExecConfig) -> String {
    let mut line = exec.command.clone().unwrap_or_default();
    for word in exec.args.iter().flatten().take_while(|word| !word.starts_with('-')) {
        line.push(' ');
        line.push_str(word);
    }
    line.chars().take(120).collect()
}

async fn run(exec: &ExecConfig, cluster: &Cluster, plugin: &str) -> Result<Vec<u8>, Trouble> {
    let Some(path) = exec.command.as_deref().filter(|path| !path.is_empty()) else {
        return Err(failed(plugin, "is empty", ""));
    };
    let mut command = Command::new(path);
    command.args(exec.args.iter().flatten());
    for pair in exec.env.iter().flatten() {
        if let (Some(key), Some(value)) = (pair.get("name"), pair.get("value")) {
            command.env(key, value);
        }
    }
    for key in exec.drop_env.iter().flatten() {
        command.env_remove(key);
    }
    command.env("KUBERNETES_EXEC_INFO", request(exec, cluster));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let hint = exec.install_hint.as_deref().unwrap_or_default();
    let output = match tokio::time::timeout(LIMIT, command.output()).await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(failed(plugin, "is not installed", hint));
        }
        Ok(Err(error)) => return Err(failed(plugin, &format!("can't be started: {error}"), hint)),
        Err(_) => {
            return Err(failed(
                plugin,
                &format!("did not finish within {} s and was stopped", LIMIT.as_secs()),
                "",
            ));
        }
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last =
            said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        return Err(failed(plugin, &format!("failed: {}", last.trim()), ""));
    }
    if output.stdout.len() > LARGEST {
        return Err(failed(plugin, "gives more than 1 MiB", ""));
    }
    Ok(output.stdout)
}

fn request(exec: &ExecConfig, cluster: &Cluster) -> String {
    let version = exec.api_version.as_deref().unwrap_or("client.authentication.k8s.io/v1");
    let spec = if exec.provide_cluster_info {
        let cluster = json!({
            "server": cluster.server,
            "tls-server-name": cluster.tls_server_name,
            "insecure-skip-tls-verify": cluster.insecure_skip_tls_verify,
            "certificate-authority-data": cluster.certificate_authority_data,
            "proxy-url": cluster.proxy_url,
        });
        json!({ "interactive": false, "cluster": cluster })
    } else {
        json!({ "interactive": false })
    };
    json!({ "apiVersion": version, "kind": "ExecCredential", "spec": spec }).to_string()
}

fn failed(plugin: &str, how: &str, hint: &str) -> Trouble {
    let remedy = match hint {
        "" => format!("Run it by hand, or log in again: {plugin}"),
        hint => hint.to_owned(),
    };
    Trouble::new(TroubleKind::Config, &format!("the credential command {plugin} {how}"), &remedy)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn user(script: &str) -> AuthInfo {
        let exec = ExecConfig {
            command: Some("sh".to_owned()),
            args: Some(vec!["-c".to_owned(), script.to_owned()]),
            ..ExecConfig::default()
        };
        AuthInfo { exec: Some(exec), ..AuthInfo::default() }
    }

    async fn check(script: &str) -> Result<(AuthInfo, Option<Timestamp>), String> {
        let mut user = user(script);
        let ends = fetch(&mut user, &Cluster::default(), "maria").await;
        ends.map(|ends| (user, ends)).map_err(|trouble| trouble.what.to_string())
    }

    #[tokio::test]
    async fn a_command_gives_a_token() {
        let script = r#"echo '{"status":{"token":"'"$(echo $KUBERNETES_EXEC_INFO | cut -c1-14)"'","expirationTimestamp":"2026-05-29T02:00:00Z"}}' | sed 's/"{"ap.*,"exp/"t","exp/'"#;
        let (user, ends) = check(script).await.expect("a token");
        assert_eq!(user.token.expect("a token").expose_secret(), "t");
        assert_eq!(ends, Timestamp::parse("2026-05-29T02:00:00Z"));
        assert!(user.exec.is_none());
    }

    #[tokio::test]
    async fn what_goes_wrong_is_said_without_secrets() {
        for (script, said) in [
            ("echo nope >&2; exit 1", "failed: nope"),
            ("exit 3", "failed: it said nothing"),
            (
                "echo '{\"status\":{\"token\":[\"hunter2\"]}}'",
                "its answer is not as expected (line 1, column",
            ),
            ("echo '{}'", "gives no credential for user maria"),
            ("echo hunter2", "its answer is not as expected (line 1, column 1)"),
        ] {
            let what = check(script).await.expect_err(script);
            assert!(what.contains(said), "{what}");
            assert!(!what.contains("hunter2"), "{what}");
        }
    }

    #[test]
    fn options_are_not_shown() {
        let args = ["get-token", "--client-secret=hunter2"].map(str::to_owned).to_vec();
        let exec = ExecConfig {
            command: Some("kubelogin".to_owned()),
            args: Some(args),
            ..ExecConfig::default()
        };
        assert_eq!(shown(&exec), "kubelogin get-token");
    }
}
