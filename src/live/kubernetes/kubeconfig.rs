//! Finding and reading the kubeconfig, and choosing a context in it.
//!
//! Read anew at each attempt to connect, so that a repaired file is enough. Its secrets are never repeated
//! in a message: of a syntax error only the place is told.

use std::env;
use std::path::{Path, PathBuf};

use kube::config::{AuthInfo, Cluster, Context, Kubeconfig, KubeconfigError};

use super::Options;
use crate::domain::{Text, Trouble, TroubleKind, nearest};

/// The largest kubeconfig that is read, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;
/// The most contexts that a message names.
const NAMED: usize = 12;

/// Where to learn about the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// These files, the first that says something wins.
    Files(Vec<PathBuf>),
    /// The service account of the pod that the console runs in.
    Cluster,
}

/// The context chosen, with all that it names.
#[derive(Clone, Debug)]
pub(super) struct Chosen {
    /// Its name.
    pub(super) name: String,
    /// The file that has it.
    pub(super) file: String,
    /// What it says.
    pub(super) context: Context,
    /// The server.
    pub(super) cluster: Cluster,
    /// The credentials.
    pub(super) user: AuthInfo,
    /// The file that has the credentials.
    pub(super) user_file: String,
}

/// Where `options` or the environment says that the server is described.
pub(super) fn source(options: &Options) -> Result<Source, Trouble> {
    if let Some(path) = &options.kubeconfig {
        return Ok(Source::Files(vec![path.clone()]));
    }
    let listed = env::var_os("KUBECONFIG").unwrap_or_default();
    let paths: Vec<PathBuf> =
        env::split_paths(&listed).filter(|path| !path.as_os_str().is_empty()).collect();
    if !paths.is_empty() {
        return Ok(Source::Files(paths));
    }
    let usual = env::home_dir().map(|home| home.join(".kube").join("config"));
    match usual {
        Some(path) if path.exists() => Ok(Source::Files(vec![path])),
        _ if env::var_os("KUBERNETES_SERVICE_HOST").is_some() => Ok(Source::Cluster),
        _ => Err(Trouble::new(
            TroubleKind::NotConfigured,
            "nothing says where the API server is: there is no ~/.kube/config, and KUBECONFIG is not set",
            "Put a kubeconfig there, or set KUBECONFIG or the profile's kubeconfig.",
        )),
    }
}

/// The name of the user that the kubeconfig of `options` chooses; none where there is no such file.
pub(in crate::live) fn user_name(options: &Options) -> Option<Text> {
    let Source::Files(paths) = source(options).ok()? else { return None };
    let chosen = read(&paths, options.context.as_deref()).ok()?;
    chosen.context.user.as_deref().map(|user| Text::bounded(user, 256))
}

/// Reads `paths` and chooses the context `wanted`, or the current one.
pub(super) fn read(paths: &[PathBuf], wanted: Option<&str>) -> Result<Chosen, Trouble> {
    let mut merged = Kubeconfig::default();
    let mut parts = Vec::new();
    for path in paths {
        // As kubectl has it: of several files, those that don't exist are passed over.
        if paths.len() > 1 && !path.exists() {
            continue;
        }
        let part = read_one(path)?;
        parts.push((path.display().to_string(), part.clone()));
        merged = merged.merge(part).map_err(|error| unreadable(path, &error))?;
    }
    if parts.is_empty() {
        let all: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        return Err(config(
            &format!("none of the kubeconfigs {} exists", all.join(", ")),
            "Put one there, or set KUBECONFIG or the profile's kubeconfig to the right file.",
        ));
    }
    choose(&merged, &parts, wanted)
}

fn read_one(path: &Path) -> Result<Kubeconfig, Trouble> {
    let shown = path.display();
    let facts = std::fs::metadata(path).map_err(|error| {
        let how = match error.kind() {
            std::io::ErrorKind::NotFound => format!("the kubeconfig {shown} does not exist"),
            std::io::ErrorKind::PermissionDenied => {
                format!("the kubeconfig {shown} may not be read")
            }
            _ => format!("the kubeconfig {shown} can't be read: {error}"),
        };
        config(
            &how,
            "Put it there, or set KUBECONFIG or the profile's kubeconfig to the right file.",
        )
    })?;
    if facts.is_dir() || facts.len() > LARGEST {
        let how = if facts.is_dir() { "is a folder" } else { "is larger than 4 MiB" };
        return Err(config(&format!("the kubeconfig {shown} {how}"), "Name the right file."));
    }
    Kubeconfig::read_from(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &KubeconfigError) -> Trouble {
    let shown = path.display();
    match error {
        KubeconfigError::ReadConfig(error, _) => config(
            &format!("the kubeconfig {shown} can't be read: {error}"),
            "Let yourself read it, or name the right file.",
        ),
        KubeconfigError::Parse(error) => {
            let place = error
                .location()
                .map(|at| format!(" at line {}, column {}", at.line(), at.column()))
                .unwrap_or_default();
            config(
                &format!("the kubeconfig {shown} is not a valid kubeconfig{place}"),
                "Repair it there, or fetch it again.",
            )
        }
        other => config(
            &format!("the kubeconfig {shown} can't be used: {other}"),
            "Repair it, or fetch it again.",
        ),
    }
}

type Parts = [(String, Kubeconfig)];

fn choose(merged: &Kubeconfig, parts: &Parts, wanted: Option<&str>) -> Result<Chosen, Trouble> {
    let files: Vec<&str> = parts.iter().map(|(file, _)| file.as_str()).collect();
    let files = files.join(", ");
    let names: Vec<&str> = merged.contexts.iter().map(|named| named.name.as_str()).collect();
    let Some(name) = wanted.or(merged.current_context.as_deref()).filter(|name| !name.is_empty())
    else {
        return Err(config(
            &format!("the kubeconfig {files} names no current context; {}", listed(&names)),
            "Choose one: kubectl config use-context NAME, or the profile's context.",
        ));
    };
    let found = merged.contexts.iter().find(|named| named.name == name);
    let Some(context) = found.and_then(|named| named.context.clone()) else {
        return Err(unknown_context(&files, name, &names));
    };
    let cluster = merged.clusters.iter().find(|named| named.name == context.cluster);
    let Some(cluster) = cluster.and_then(|named| named.cluster.clone()) else {
        return Err(config(
            &format!(
                "context {name} of {files} names the cluster {}, which is not there",
                context.cluster
            ),
            "Repair the kubeconfig, or fetch it again.",
        ));
    };
    let user_name = context.user.as_deref().unwrap_or_default();
    let user = merged.auth_infos.iter().find(|named| named.name == user_name);
    let has = |wanted: &dyn Fn(&Kubeconfig) -> bool| {
        parts
            .iter()
            .find(|(_, part)| wanted(part))
            .map_or_else(|| files.clone(), |(file, _)| file.clone())
    };
    Ok(Chosen {
        name: name.to_owned(),
        file: has(&|part| part.contexts.iter().any(|named| named.name == name)),
        user_file: has(&|part| part.auth_infos.iter().any(|named| named.name == user_name)),
        user: user.and_then(|named| named.auth_info.clone()).unwrap_or_default(),
        context,
        cluster,
    })
}

fn unknown_context(files: &str, name: &str, names: &[&str]) -> Trouble {
    let remedy = match nearest(name, names.iter().copied()) {
        Some(known) => format!("Did you mean {known}?"),
        None => "Name one that is there.".to_owned(),
    };
    config(&format!("the kubeconfig {files} has no context {name}; {}", listed(names)), &remedy)
}

fn listed(names: &[&str]) -> String {
    match names.len() {
        0 => "it has no contexts".to_owned(),
        count if count <= NAMED => format!("it has {}", names.join(", ")),
        count => {
            let first: Vec<&str> = names.iter().take(NAMED).copied().collect();
            format!("it has {} and {} more", first.join(", "), count - NAMED)
        }
    }
}

fn config(what: &str, remedy: &str) -> Trouble {
    Trouble::new(TroubleKind::Config, what, remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: 'https://127.0.0.1:6443'}}]
contexts:
- {name: prod, context: {cluster: c, user: maria}}
- {name: test, context: {cluster: gone, user: maria}}
users: [{name: maria, user: {token: hunter2}}]
";

    fn check(text: &str, wanted: Option<&str>) -> Result<Chosen, String> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("config");
        std::fs::write(&path, text).expect("written");
        let shown = path.display().to_string();
        read(&[path], wanted).map_err(|trouble| {
            assert_eq!(trouble.kind, TroubleKind::Config);
            trouble.to_string().replace(&shown, "FILE")
        })
    }

    #[test]
    fn what_is_wrong_is_a_sentence() {
        for (text, wanted, said) in [
            (
                GOOD,
                Some("prdo"),
                "the kubeconfig FILE has no context prdo; it has prod, test. Did you mean prod?",
            ),
            (
                GOOD,
                Some("zzz"),
                "the kubeconfig FILE has no context zzz; it has prod, test. Name one that is there.",
            ),
            (
                GOOD,
                None,
                "the kubeconfig FILE names no current context; it has prod, test. Choose one: kubectl config use-context NAME, or the profile's context.",
            ),
            (
                GOOD,
                Some("test"),
                "context test of FILE names the cluster gone, which is not there. Repair the kubeconfig, or fetch it again.",
            ),
            (
                "",
                Some("a"),
                "the kubeconfig FILE has no context a; it has no contexts. Name one that is there.",
            ),
        ] {
            assert_eq!(check(text, wanted).expect_err(said), said);
        }
    }

    #[test]
    fn a_syntax_error_tells_its_place_and_no_secret() {
        for text in [
            "users:\n- name: x\n  user: {token: [hunter2]}\n",
            "users: hunter2",
            "a: b: hunter2",
            "\u{0}hunter2",
            "contexts:\n  - name: [hunter2\n",
        ] {
            let said = check(text, None).expect_err(text);
            assert!(said.starts_with("the kubeconfig FILE is not a valid kubeconfig"), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn missing_files_are_named() {
        let dir = tempfile::tempdir().expect("a folder");
        let gone = dir.path().join("gone");
        let said = read(std::slice::from_ref(&gone), None).expect_err("gone").to_string();
        assert_eq!(
            said,
            format!(
                "the kubeconfig {} does not exist. Put it there, or set KUBECONFIG or the profile's kubeconfig to the right file.",
                gone.display()
            )
        );
        let said = read(&[dir.path().to_owned()], None).expect_err("a folder").to_string();
        assert!(said.contains("is a folder"), "{said}");
        let there = dir.path().join("there");
        std::fs::write(&there, GOOD).expect("written");
        let chosen = read(&[gone.clone(), there.clone()], Some("prod")).expect("one is there");
        assert_eq!(
            (chosen.file, chosen.user_file),
            (there.display().to_string(), there.display().to_string())
        );
        let said = read(&[gone.clone(), gone], None).expect_err("none is there").to_string();
        assert!(said.contains("exists"), "{said}");
    }
}
