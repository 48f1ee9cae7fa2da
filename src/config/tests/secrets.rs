//! Getting secrets, and keeping them out of everything else.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;

use crate::config::{Environment, SecretError, SecretRef};

fn resolve(reference: &SecretRef, limit: Duration) -> Result<String, String> {
    let environment: Environment = [("PLANA_X", "from-env")].into_iter().collect();
    let secret = reference.resolve_within(&environment, limit);
    if let Ok(secret) = &secret {
        assert!(!format!("{secret:?}").contains(secret.expose_secret()));
    }
    secret.map(|secret| secret.expose_secret().to_owned()).map_err(|error| error.to_string())
}

fn soon(reference: &SecretRef) -> Result<String, String> {
    resolve(reference, Duration::from_secs(10))
}

fn command(words: &[&str]) -> SecretRef {
    SecretRef::Command(words.iter().map(|word| (*word).to_owned()).collect())
}

fn write(path: &Path, bytes: &[u8], mode: u32) -> SecretRef {
    std::fs::write(path, bytes).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    SecretRef::File(path.to_owned())
}

#[test]
fn from_variables() {
    assert_eq!(soon(&SecretRef::Env("PLANA_X".into())), Ok("from-env".into()));
    let message = "The variable PLANA_Y is not set. Export it before starting the console.";
    assert_eq!(soon(&SecretRef::Env("PLANA_Y".into())), Err(message.into()));
}

#[test]
fn from_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it's secret");
    let shown = path.display().to_string();
    let quoted = shown.replace('\'', "'\\''");
    let large = vec![b'x'; 65537];
    for (bytes, mode, expected) in [
        (&b"hunter2\n"[..], 0o600, Ok("hunter2".to_owned())),
        (b"hunter2\n\n", 0o400, Ok("hunter2\n".to_owned())),
        (b"hunter2\r\n", 0o600, Ok("hunter2".to_owned())),
        (b"\n", 0o600, Err(format!("The secret from file {shown} is empty."))),
        (b"\xff", 0o600, Err(format!("The secret from file {shown} is not UTF-8 text."))),
        (
            b"hunter2",
            0o644,
            Err(format!(
                "The secret file {shown} is open to others (mode 0644). Run: chmod 600 '{quoted}'"
            )),
        ),
        (
            b"hunter2",
            0o620,
            Err(format!(
                "The secret file {shown} is open to others (mode 0620). Run: chmod 600 '{quoted}'"
            )),
        ),
        (
            &large,
            0o600,
            Err(format!("The secret file {shown} can't be read: it is larger than 65536 bytes.")),
        ),
    ] {
        let _ = std::fs::remove_file(&path);
        assert_eq!(soon(&write(&path, bytes, mode)), expected);
    }
    for (path, reason) in [
        (folder.path().join("none"), "it does not exist"),
        (folder.path().to_owned(), "it is not a regular file"),
        ("/dev/null".into(), "it is not a regular file"),
    ] {
        let message = format!("The secret file {} can't be read: {reason}.", path.display());
        assert_eq!(soon(&SecretRef::File(path)), Err(message));
    }
}

#[test]
fn a_pipe_does_not_hang_the_console() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR).unwrap();
    let message =
        format!("The secret file {} can't be read: it is not a regular file.", path.display());
    assert_eq!(soon(&SecretRef::File(path)), Err(message));
}

#[test]
fn from_commands() {
    let failed = |program: &str, fault: &str| {
        Err(format!("The secret command {program} failed: {fault}. Run it by hand to see why."))
    };
    for (words, expected) in [
        (&["printf", "%s\\n", "hunter2"][..], Ok("hunter2".to_owned())),
        (&["printf", "%s", "$HOME;a b"], Ok("$HOME;a b".to_owned())),
        (&["cat"], Err("The secret from command cat is empty.".to_owned())),
        (
            &["sh", "-c", "echo hunter2; echo hunter2 >&2; exit 3"],
            failed("sh", "it ended with status 3"),
        ),
        (&["sh", "-c", "kill -9 $$"], failed("sh", "signal 9 ended it")),
        (
            &["head", "-c", "65537", "/dev/zero"],
            failed("head", "it wrote more than 65536 bytes and was stopped"),
        ),
        (
            &["/nowhere/sops"],
            failed("/nowhere/sops", "it can't be started: No such file or directory (os error 2)"),
        ),
    ] {
        assert_eq!(soon(&command(words)), expected, "{words:?}");
    }
}

#[test]
fn a_command_that_does_not_end_is_ended() {
    let slow =
        Err("The secret command sh failed: it did not finish within 0.2 s and was stopped. \
                    Run it by hand to see why."
            .to_owned());
    let limit = Duration::from_millis(200);
    // One that keeps its output open, one whose child does, and one that closed it.
    for script in ["exec sleep 1000", "sleep 1000 & wait", "exec >&-; exec sleep 1000"] {
        assert_eq!(resolve(&command(&["sh", "-c", script]), limit), slow, "{script}");
    }
}

#[test]
fn what_a_slow_command_started_ends_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RWXU).unwrap();
    let (sender, receiver) = std::sync::mpsc::sync_channel(1);
    let pipe = path.clone();
    // Reading ends when nobody has the pipe open for writing any more.
    std::thread::spawn(move || sender.send(std::fs::read(pipe)));
    let script = format!("(echo up; exec sleep 1000) > '{}' & wait", path.display());
    assert!(resolve(&command(&["sh", "-c", &script]), Duration::from_secs(1)).is_err());
    let read = receiver.recv_timeout(Duration::from_secs(30)).expect("the grandchild has ended");
    assert_eq!(read.unwrap(), b"up\n");
}

#[test]
fn other_places_are_not_local() {
    let environment = Environment::default();
    let keyring = SecretRef::Keyring { service: "pulse".into(), user: "me".into() };
    let cluster =
        SecretRef::KubernetesSecret { namespace: "ns".into(), name: "n".into(), key: "k".into() };
    for (reference, shown) in [(keyring, "keyring pulse/me"), (cluster, "kubernetes_secret ns/n#k")]
    {
        let error = reference.resolve_local(&environment).unwrap_err();
        assert_eq!(error.to_string(), format!("{shown} is read by the live world only."));
        assert!(matches!(error, SecretError::NotLocal(same) if same == reference));
    }
}

#[test]
fn a_command_is_shown_without_its_arguments() {
    let reference = command(&["echo", "hunter2"]);
    assert_eq!(reference.to_string(), "command echo");
    assert_eq!(format!("{reference:?}"), "SecretRef(command echo)");
}
