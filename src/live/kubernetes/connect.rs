//! From a kubeconfig to a client of the API server.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::Config;
use kube::config::{
    AuthInfo, KubeConfigOptions, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext,
};

use super::api::Api;
use super::caller::Caller;
use super::kubeconfig::{self, Chosen, Source};
use super::trouble::{self, Place};
use super::{Options, certificate, credential, proxy};
use crate::domain::{Timestamp, Trouble, TroubleKind};

/// The longest wait for a connection.
pub(super) const CONNECT: Duration = Duration::from_secs(5);

/// The most of a file with a token that is read, in bytes.
const TOKEN_MAX: u64 = 64 * 1024;

/// A client, and what is known about its way to the server.
pub(super) struct Link {
    /// Asks the server.
    pub(super) api: Api,
    /// For the sentences.
    pub(super) place: Place,
    /// When its credentials run out, where they are known to.
    pub(super) ends: Option<Timestamp>,
}

/// Reads the kubeconfig and makes a client. Asks the server nothing yet.
pub(super) async fn link(options: &Options) -> Result<Link, Trouble> {
    let caller = &options.caller;
    let person = caller.ready().await?;
    let (mut config, mut place, ends) = match kubeconfig::source(options)? {
        Source::Cluster => (in_cluster(caller)?, pod(), None),
        Source::Files(paths) => chosen(&paths, options.context.as_deref(), caller).await?,
    };
    place.person = person;
    place.caller = caller.clone();
    place.address = address(&config);
    if caller.ignores_user() && config.cluster_url.scheme_str() != Some("https") {
        let what =
            format!("{} would send the ID token unprotected to {}", place.source, place.address);
        let remedy =
            "Give the server an https:// address there, or set kubernetes.identity to kubeconfig.";
        return Err(Trouble::new(TroubleKind::Config, &what, remedy));
    }
    config.connect_timeout = Some(CONNECT);
    // Watches are silent for minutes; silence is judged where its meaning is known.
    config.read_timeout = None;
    config.default_retry = false;
    let client = kube::Client::try_from(config).map_err(|error| unusable(&error, &place))?;
    Ok(Link { api: Api::new(client, caller.clone()), place, ends })
}

fn pod() -> Place {
    Place {
        source: "the pod's environment".to_owned(),
        file: "the pod's service account".to_owned(),
        user: "of the service account".to_owned(),
        ..Place::default()
    }
}

fn in_cluster(caller: &Caller) -> Result<Config, Trouble> {
    let mut config = Config::incluster().map_err(|error| {
        Trouble::new(
            TroubleKind::Config,
            &format!("the pod's service account can't be used: {error}"),
            "See that automountServiceAccountToken is on, or set KUBECONFIG.",
        )
    })?;
    config.proxy_url = None;
    if caller.ignores_user() {
        config.auth_info = AuthInfo::default();
    }
    Ok(config)
}

async fn chosen(
    paths: &[PathBuf],
    context: Option<&str>,
    caller: &Caller,
) -> Result<(Config, Place, Option<Timestamp>), Trouble> {
    let mut chosen = kubeconfig::read(paths, context)?;
    keep_only(&mut chosen.user, caller);
    let user = chosen.context.user.clone().unwrap_or_default();
    let source = format!("context {} of {}", chosen.name, chosen.file);
    refuse_provider(&chosen, &user)?;
    let plugin = chosen.user.exec.as_ref().map(credential::shown);
    let ends = credential::fetch(&mut chosen.user, &chosen.cluster, &user).await?;
    trim_token(&mut chosen.user);
    let place = Place {
        address: String::new(),
        source,
        certificate_ends: certificate_ends(&chosen.user),
        user,
        file: chosen.user_file.clone(),
        plugin,
        ..Place::default()
    };
    let config = config(chosen).await.map_err(|error| {
        let what = format!("{} can't be used: {error}", place.source);
        Trouble::new(TroubleKind::Config, &what, "Repair the kubeconfig, or fetch it again.")
    })?;
    Ok((config, place, ends))
}

/// Leaves of the kubeconfig's user what `caller` needs: nothing beside a token, and no acting as somebody else who is not
/// the person signed in.
fn keep_only(user: &mut AuthInfo, caller: &Caller) {
    match caller {
        Caller::Kubeconfig => {}
        Caller::Token { .. } => *user = AuthInfo::default(),
        Caller::Impersonating(_) => {
            user.impersonate = None;
            user.impersonate_uid = None;
            user.impersonate_groups = None;
            user.impersonate_user_extra = None;
        }
    }
}

/// Takes the token out of a file that an editor left a line's end in: the client library would send that too. Any other file
/// is left to the library, which reads it again now and then.
fn trim_token(user: &mut AuthInfo) {
    let Some(path) = user.token_file.as_ref().filter(|_| user.token.is_none()) else { return };
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(TOKEN_MAX).read_to_string(&mut text));
    if read.is_ok() && text.trim().len() != text.len() {
        user.token = Some(text.trim().into());
    }
}

/// Legacy providers run commands without a limit, and kubectl itself dropped them.
fn refuse_provider(chosen: &Chosen, user: &str) -> Result<(), Trouble> {
    match &chosen.user.auth_provider {
        Some(provider) if provider.name != "oidc" => Err(Trouble::new(
            TroubleKind::Config,
            &format!(
                "user {user} in {} logs in with auth-provider {}, which kubectl no longer knows",
                chosen.user_file, provider.name
            ),
            "Fetch a fresh kubeconfig, which uses a credential plugin (exec).",
        )),
        _ => Ok(()),
    }
}

async fn config(chosen: Chosen) -> Result<Config, kube::config::KubeconfigError> {
    let proxy_url = chosen.cluster.proxy_url.clone();
    let alone = Kubeconfig {
        current_context: Some(chosen.name.clone()),
        clusters: vec![NamedCluster {
            name: chosen.context.cluster.clone(),
            cluster: Some(chosen.cluster),
            ..NamedCluster::default()
        }],
        auth_infos: vec![NamedAuthInfo {
            name: chosen.context.user.clone().unwrap_or_default(),
            auth_info: Some(chosen.user),
            ..NamedAuthInfo::default()
        }],
        contexts: vec![NamedContext {
            name: chosen.name,
            context: Some(chosen.context),
            ..NamedContext::default()
        }],
        ..Kubeconfig::default()
    };
    let mut config = Config::from_custom_kubeconfig(alone, &KubeConfigOptions::default()).await?;
    config.proxy_url = proxy::choose(proxy_url.as_deref(), &config.cluster_url);
    Ok(config)
}

fn certificate_ends(user: &AuthInfo) -> Option<Timestamp> {
    let pem = match (&user.client_certificate_data, &user.client_certificate) {
        (Some(data), _) => String::from_utf8(STANDARD.decode(data.trim()).ok()?).ok()?,
        (None, Some(path)) => std::fs::read_to_string(path).ok()?,
        (None, None) => return None,
    };
    certificate::ends(&pem)
}

fn address(config: &Config) -> String {
    let url = &config.cluster_url;
    let port = url.port_u16().unwrap_or(if url.scheme_str() == Some("http") { 80 } else { 443 });
    format!("{}:{port}", url.host().unwrap_or_default())
}

fn unusable(error: &kube::Error, place: &Place) -> Trouble {
    if matches!(error, kube::Error::HyperError(_) | kube::Error::Service(_)) {
        return trouble::link(error, place);
    }
    let what = format!("{} can't be used: {error}", place.source);
    Trouble::new(TroubleKind::Config, &what, "Repair the kubeconfig, or fetch it again.")
}
