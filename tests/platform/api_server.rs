//! A real Kubernetes API server with its etcd.
//!
//! No controller, scheduler or kubelet runs: status is written by the test, and namespaces never finish being deleted.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::config::{AuthInfo, KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};

use super::certificates::{self, Authority, Validity};
use super::folder::Folder;
use super::kinds::{GROUP, Kind};
use super::kubeconfig::User;
use super::ports::Port;
use super::process::Process;
use super::{Doing as _, PlatformError, seed};

const START_WITHIN: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(20);
const AUTHENTICATION: &str = "authentication.json";
const REMEDY: &str = "builds it with Go";

/// How an API server is to differ from the usual one.
#[derive(Debug, Default)]
pub struct ApiServerOptions {
    /// Keep everything in this folder instead of a temporary one.
    pub folder: Option<PathBuf>,
    /// The issuer whose tokens are accepted, beside the certificates of every [`User`].
    pub issuer: Option<Trusted>,
    /// Serve with a certificate that ended in 2021.
    pub expired_serving_certificate: bool,
}

/// An OpenID provider that the server trusts to name people and their groups.
#[derive(Debug, Clone)]
pub struct Trusted {
    /// The issuer, which must be `https`.
    pub issuer: String,
    /// The application that tokens must be for.
    pub audience: String,
    /// The certificate authority of the issuer, as PEM.
    pub authority: String,
}

impl Trusted {
    /// What the server is given as `--authentication-config`; JSON is YAML too.
    fn configuration(&self) -> String {
        serde_json::json!({
            "apiVersion": "apiserver.config.k8s.io/v1",
            "kind": "AuthenticationConfiguration",
            "jwt": [{
                "issuer": {
                    "url": self.issuer,
                    "audiences": [self.audience],
                    "certificateAuthority": self.authority,
                },
                "claimMappings": {
                    "username": { "claim": "preferred_username", "prefix": "" },
                    "groups": { "claim": "groups", "prefix": "" },
                },
            }],
        })
        .to_string()
    }
}

/// A running API server. Dropping it kills both processes.
#[derive(Debug)]
pub struct ApiServer {
    // Dropped in this order: an API server that outlives its etcd hangs.
    server: Option<Process>,
    etcd: Option<Process>,
    programs: PathBuf,
    port: Port,
    etcd_port: Port,
    peer_port: Port,
    expired: bool,
    trusts: bool,
    folder: Folder,
}

impl ApiServer {
    /// Starts a server with the five kinds installed and every [`User`] known.
    pub async fn start() -> Result<Self, PlatformError> {
        Self::start_with(ApiServerOptions::default()).await
    }

    /// Starts a server as told.
    pub async fn start_with(options: ApiServerOptions) -> Result<Self, PlatformError> {
        let programs = programs()?;
        let mut server = Self {
            server: None,
            etcd: None,
            programs,
            port: Port::reserve()?,
            etcd_port: Port::reserve()?,
            peer_port: Port::reserve()?,
            expired: options.expired_serving_certificate,
            trusts: options.issuer.is_some(),
            folder: Folder::new(options.folder)?,
        };
        server.write_certificates()?;
        if let Some(issuer) = options.issuer {
            server.folder.write(AUTHENTICATION, &issuer.configuration())?;
        }
        server.start_again().await?;
        server.install().await?;
        Ok(server)
    }

    /// `https://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port.number())
    }

    /// The port it listens on, the same after every start.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The kubeconfig file of a user.
    pub fn kubeconfig(&self, user: User) -> PathBuf {
        user.file(&self.folder)
    }

    /// A client with every right, bound to the runtime of the caller.
    pub async fn client(&self) -> Result<Client, PlatformError> {
        self.client_of(User::Admin).await
    }

    /// A client of this user.
    pub async fn client_of(&self, user: User) -> Result<Client, PlatformError> {
        let kubeconfig = Kubeconfig::read_from(self.kubeconfig(user))?;
        let mut config =
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        // The harness itself must get in even when the server is made to look out of date.
        config.accept_invalid_certs = self.expired;
        Ok(Client::try_from(config)?)
    }

    /// A client of whoever a token names.
    pub async fn client_by_token(&self, token: &str) -> Result<Client, PlatformError> {
        let kubeconfig = Kubeconfig::read_from(self.kubeconfig(User::Nobody))?;
        let mut config =
            Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
        config.auth_info = AuthInfo { token: Some(token.to_owned().into()), ..AuthInfo::default() };
        Ok(Client::try_from(config)?)
    }

    /// Asks the API server, then etcd, to end.
    pub async fn stop(&mut self) {
        for process in [self.server.take(), self.etcd.take()].into_iter().flatten() {
            process.stop().await;
        }
    }

    /// Kills both at once, as a power cut would. The data stays.
    pub fn kill(&mut self) {
        self.server = None;
        self.etcd = None;
    }

    /// Holds the API server where it is: connections stay open and nothing answers.
    pub fn freeze(&self) {
        self.server.iter().for_each(Process::freeze);
    }

    /// Lets a frozen API server go on.
    pub fn thaw(&self) {
        self.server.iter().for_each(Process::thaw);
    }

    /// An error when one of the two processes has ended by itself.
    pub fn check(&mut self) -> Result<(), PlatformError> {
        self.etcd.iter_mut().chain(&mut self.server).try_for_each(Process::check)
    }

    /// Starts on the same port with the same data, and waits until it is ready.
    pub async fn start_again(&mut self) -> Result<(), PlatformError> {
        self.kill();
        let etcd = self.programs.join("etcd");
        self.etcd = Some(Process::spawn("etcd", &etcd, &self.etcd_arguments(), &self.log("etcd"))?);
        let path = self.programs.join("kube-apiserver");
        let arguments = self.server_arguments();
        let mut server =
            Process::spawn("kube-apiserver", &path, &arguments, &self.log("kube-apiserver"))?;
        let client = self.client().await?;
        let ready = async || {
            let Ok(request) = http::Request::get("/readyz").body(Vec::new()) else {
                return false;
            };
            client.request_text(request).await.is_ok()
        };
        server.wait_until(START_WITHIN, ready).await?;
        self.server = Some(server);
        Ok(())
    }

    /// A client of etcd's own JSON gateway.
    pub fn etcd_client(&self) -> Result<Client, PlatformError> {
        let url = format!("http://127.0.0.1:{}", self.etcd_port.number());
        let url = url.parse().map_err(|_| PlatformError::Stopped("etcd"))?;
        Ok(Client::try_from(Config::new(url))?)
    }

    /// Where it keeps its files.
    pub(super) fn folder(&self) -> &Folder {
        &self.folder
    }

    fn log(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.log"))
    }

    fn write_certificates(&self) -> Result<(), PlatformError> {
        let authority = Authority::new()?;
        let validity = if self.expired { Validity::Expired } else { Validity::Valid };
        let serving = authority.server(validity)?;
        self.folder.write("ca.pem", &authority.pem())?;
        self.folder.write("server.pem", &serving.certificate)?;
        self.folder.write("server.key", &serving.key)?;
        // A kubelet that answers for the nodes, and what the server shows it.
        let kubelet = authority.server(Validity::Valid)?;
        self.folder.write("kubelet.pem", &kubelet.certificate)?;
        self.folder.write("kubelet.key", &kubelet.key)?;
        let client = authority.user("kube-apiserver", &[], Validity::Valid)?;
        self.folder.write("kubelet-client.pem", &client.certificate)?;
        self.folder.write("kubelet-client.key", &client.key)?;
        let [private, public] = certificates::signing_keys()?;
        self.folder.write("accounts.key", &private)?;
        self.folder.write("accounts.pub", &public)?;
        for user in User::ALL {
            user.write(&self.folder, &authority, &self.url())?;
        }
        Ok(())
    }

    /// Installs the roles and the definitions, and waits until the server serves the kinds.
    async fn install(&self) -> Result<(), PlatformError> {
        let client = self.client().await?;
        for user in User::ALL {
            let Some([role, binding]) = user.role() else {
                continue;
            };
            let base = "/apis/rbac.authorization.k8s.io/v1";
            for (path, object) in [("clusterroles", role), ("clusterrolebindings", binding)] {
                apply(&client, &format!("{base}/{path}/{}", user.name()), object.to_string())
                    .await?;
            }
        }
        for kind in Kind::ALL {
            let name = format!("{}.{}", kind.plural(), GROUP);
            self.define(&client, &name, kind.definition()).await?;
        }
        for kind in Kind::ALL {
            self.wait_until_served(&client, &kind.resource()).await?;
        }
        Ok(())
    }

    /// Applies an object of RBAC, such as `clusterroles`, with its name as it says.
    pub async fn apply_rule(
        &self,
        plural: &str,
        object: &serde_json::Value,
    ) -> Result<(), PlatformError> {
        let name = object.pointer("/metadata/name").and_then(serde_json::Value::as_str);
        let path =
            format!("/apis/rbac.authorization.k8s.io/v1/{plural}/{}", name.unwrap_or_default());
        apply(&self.client().await?, &path, object.to_string()).await
    }

    /// Applies the objects of a manifest, which stand apart by lines of `---`, in their order.
    pub async fn apply_manifest(&self, manifest: &str) -> Result<(), PlatformError> {
        let client = self.client().await?;
        for document in manifest.split("\n---\n") {
            // Each document is written with these on lines of their own.
            let value = |key: &str| {
                let found = document.lines().find_map(|line| line.strip_prefix(key));
                found.map(str::trim).unwrap_or_default()
            };
            let (version, name) = (value("apiVersion: "), value("  name: "));
            let root = if version.contains('/') { "apis" } else { "api" };
            let place = match value("  namespace: ") {
                "" => String::new(),
                namespace => format!("namespaces/{namespace}/"),
            };
            let plural = format!("{}s", value("kind: ").to_lowercase());
            let path = format!("/{root}/{version}/{place}{plural}/{name}");
            apply(&client, &path, document.to_owned()).await?;
        }
        Ok(())
    }

    /// Deletes what is at `path`.
    pub async fn delete_at(&self, path: &str) -> Result<(), PlatformError> {
        let client = self.client().await?;
        seed::send(&client, "DELETE", path, "application/json", String::new()).await
    }

    /// Grants `rules` in the whole cluster to `subjects`, each a kind (`User`, `Group`) and a name.
    pub async fn grant(
        &self,
        name: &str,
        rules: &serde_json::Value,
        subjects: &[(&str, &str)],
    ) -> Result<(), PlatformError> {
        let group = "rbac.authorization.k8s.io";
        let version = format!("{group}/v1");
        let role = serde_json::json!({
            "apiVersion": version, "kind": "ClusterRole", "metadata": { "name": name }, "rules": rules,
        });
        let subject = |(kind, name): &(&str, &str)| serde_json::json!({ "apiGroup": group, "kind": kind, "name": name });
        let binding = serde_json::json!({
            "apiVersion": version, "kind": "ClusterRoleBinding", "metadata": { "name": name },
            "roleRef": { "apiGroup": group, "kind": "ClusterRole", "name": name },
            "subjects": subjects.iter().map(subject).collect::<Vec<_>>(),
        });
        self.apply_rule("clusterroles", &role).await?;
        self.apply_rule("clusterrolebindings", &binding).await
    }

    /// Installs one definition.
    pub(super) async fn define(
        &self,
        client: &Client,
        name: &str,
        definition: &str,
    ) -> Result<(), PlatformError> {
        let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        apply(client, &format!("{path}/{name}"), definition.to_owned()).await
    }

    /// Waits until the collection of `kind` answers: a new one is not there at first, and then refuses for a moment with
    /// 429.
    pub(super) async fn wait_until_served(
        &self,
        client: &Client,
        kind: &ApiResource,
    ) -> Result<(), PlatformError> {
        let api = Api::<DynamicObject>::all_with(client.clone(), kind);
        let served = tokio::time::timeout(START_WITHIN, async {
            while api.list_metadata(&ListParams::default()).await.is_err() {
                tokio::time::sleep(POLL).await;
            }
        });
        served.await.map_err(|_| PlatformError::NotReady {
            program: "kube-apiserver",
            how: format!("does not serve {} of {}", kind.plural, kind.api_version),
            log: self.log("kube-apiserver").display().to_string(),
            tail: String::new(),
        })
    }

    fn etcd_arguments(&self) -> Vec<String> {
        let client = format!("http://127.0.0.1:{}", self.etcd_port.number());
        let peer = format!("http://127.0.0.1:{}", self.peer_port.number());
        vec![
            format!("--data-dir={}", self.folder.path().join("etcd").display()),
            format!("--listen-client-urls={client}"),
            format!("--advertise-client-urls={client}"),
            format!("--listen-peer-urls={peer}"),
            format!("--initial-advertise-peer-urls={peer}"),
            format!("--initial-cluster=default={peer}"),
            "--log-level=error".into(),
            // The data need not outlive the machine, only the process.
            "--unsafe-no-fsync".into(),
        ]
    }

    fn server_arguments(&self) -> Vec<String> {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        let mut arguments = vec![
            format!("--etcd-servers=http://127.0.0.1:{}", self.etcd_port.number()),
            format!("--secure-port={}", self.port.number()),
            "--bind-address=127.0.0.1".into(),
            "--advertise-address=127.0.0.1".into(),
            // Without it a loopback address is refused.
            "--endpoint-reconciler-type=none".into(),
            format!("--tls-cert-file={}", file("server.pem")),
            format!("--tls-private-key-file={}", file("server.key")),
            format!("--client-ca-file={}", file("ca.pem")),
            format!("--service-account-key-file={}", file("accounts.pub")),
            format!("--service-account-signing-key-file={}", file("accounts.key")),
            format!("--kubelet-client-certificate={}", file("kubelet-client.pem")),
            format!("--kubelet-client-key={}", file("kubelet-client.key")),
            format!("--kubelet-certificate-authority={}", file("ca.pem")),
            "--kubelet-preferred-address-types=InternalIP".into(),
            "--service-account-issuer=https://plana-local".into(),
            "--service-cluster-ip-range=10.96.0.0/24".into(),
            "--authorization-mode=RBAC".into(),
            // No controller makes the service accounts that this plugin insists on.
            "--disable-admission-plugins=ServiceAccount".into(),
            "--enable-priority-and-fairness=false".into(),
            "--profiling=false".into(),
            "--v=0".into(),
        ];
        if self.trusts {
            arguments.push(format!("--authentication-config={}", file(AUTHENTICATION)));
        }
        arguments
    }
}

/// The folder that holds both programs, as `tools/kube.sh` finds it; nothing is built here.
fn programs() -> Result<PathBuf, PlatformError> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/platform/tools/kube.sh");
    let output = Command::new("bash")
        .args([script, "--look"])
        .stdin(Stdio::null())
        .output()
        .doing(|| format!("run {script}"))?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() || folder.is_empty() {
        return Err(PlatformError::Missing { program: "kube-apiserver", remedy: REMEDY });
    }
    Ok(PathBuf::from(folder))
}

/// Server-side apply; the server reads YAML, so no parser is needed here.
async fn apply(client: &Client, path: &str, body: String) -> Result<(), PlatformError> {
    let path = format!("{path}?fieldManager=pulse-platform&force=true");
    seed::send(client, "PATCH", &path, "application/apply-patch+yaml", body).await
}
