//! Opening a page in the browser of this machine.

use std::ffi::OsStr;
use std::process::{Command, Stdio};
use std::time::Duration;

use reqwest::Url;

/// How long a program may take to fail. One that still runs then is taken for the browser itself.
const FAILS_WITHIN: Duration = Duration::from_millis(400);
/// What a desktop's programs go by. The rest of the environment stays here: there may be secrets in it.
const TOLD: [&str; 16] = [
    "HOME",
    "USER",
    "LOGNAME",
    "PATH",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "DISPLAY",
    "XAUTHORITY",
    "BROWSER",
    "DESKTOP_SESSION",
    "SESSION_MANAGER",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSL_CERT_FILE",
    "NIX_PROFILES",
];
/// The beginnings of more such names.
const TOLD_KINDS: [&str; 10] =
    ["LC_", "XDG_", "WAYLAND_", "KDE_", "GNOME_", "GTK_", "QT_", "MOZ_", "WSL", "SWAY"];

/// Opens `address` with `program` (and its arguments, with blanks between), or with the desktop's browser.
///
/// # Errors
/// Why it was not opened, as a clause.
pub(super) async fn open(address: &Url, program: Option<&str>) -> Result<(), String> {
    let commands = match program {
        Some(program) => vec![chosen(program, address)?],
        None if has_desktop() => open::commands(address.as_str()),
        None => return Err("this machine has no desktop".to_owned()),
    };
    let mut why = None;
    for command in commands {
        match run(command).await {
            Ok(()) => return Ok(()),
            // The first is the one that ought to work.
            Err(failed) => _ = why.get_or_insert(failed),
        }
    }
    Err(why.unwrap_or_else(|| "no program can open it".to_owned()))
}

fn chosen(program: &str, address: &Url) -> Result<Command, String> {
    let mut words = program.split_whitespace();
    let name = words.next().ok_or_else(|| "identity.browser is empty".to_owned())?;
    let mut command = Command::new(name);
    command.args(words).arg(address.as_str());
    Ok(command)
}

/// Whether a window can be opened. Without one the usual programs would take the terminal for a browser of text.
fn has_desktop() -> bool {
    cfg!(target_os = "macos")
        || ["DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"]
            .into_iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Starts `command` on its own: it has neither our terminal nor our secrets, and outlives us.
async fn run(mut command: Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let told = std::env::vars_os().filter(|(name, _)| is_told(name));
    command.env_clear().envs(told).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut command = tokio::process::Command::from(command);
    command.process_group(0);
    // Looking for a program may take its time where folders are far away.
    let started = tokio::task::spawn_blocking(move || command.spawn()).await;
    let mut child = match started {
        Ok(Ok(child)) => child,
        Ok(Err(why)) => return Err(format!("{name} can't be started: {why}")),
        Err(_) => return Err("the console is closing".to_owned()),
    };
    match tokio::time::timeout(FAILS_WITHIN, child.wait()).await {
        Ok(Ok(status)) if !status.success() => Err(format!("{name} failed ({status})")),
        _ => Ok(()),
    }
}

fn is_told(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        TOLD.contains(&name) || TOLD_KINDS.iter().any(|kind| name.starts_with(kind))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> Url {
        Url::parse("https://auth.example/authorize?state=a&nonce=b%20c").expect("an address")
    }

    #[tokio::test]
    async fn a_chosen_program_gets_the_address_and_little_of_the_environment() {
        let folder = tempfile::tempdir().expect("a folder");
        let (seen, script) = (folder.path().join("seen"), folder.path().join("browser"));
        let text = format!(
            "printf '%s\\n' \"$@\" >{0}.new\nenv >>{0}.new\nmv {0}.new {0}",
            seen.display()
        );
        std::fs::write(&script, text).expect("a script");
        let program = format!("sh {} --new-window", script.display());
        open(&address(), Some(&program)).await.expect("it opens");
        // One that takes its time is taken for a browser that runs on.
        let text = loop {
            match std::fs::read_to_string(&seen) {
                Ok(text) => break text,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        let (arguments, environment) = text.split_at(text.find("\nPATH=").unwrap_or(text.len()));
        let wanted = format!("--new-window\n{}", address());
        assert!(arguments.starts_with(&wanted), "{arguments}");
        let hidden = |line: &&str| line.starts_with("CARGO_");
        assert!(std::env::vars().any(|(name, _)| name.starts_with("CARGO_")), "nothing to hide");
        assert_eq!(environment.lines().find(hidden), None);
        assert_eq!(arguments.lines().find(hidden), None);
    }

    #[tokio::test]
    async fn what_fails_at_once_is_said_and_what_runs_on_is_a_browser() {
        let why = open(&address(), Some("false")).await.expect_err("it fails");
        assert!(why.starts_with("false failed (exit status: 1"), "{why}");
        let why = open(&address(), Some("no-such-browser")).await.expect_err("it is not there");
        assert!(why.starts_with("no-such-browser can't be started: "), "{why}");
        assert!(open(&address(), Some(" ")).await.is_err());
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("browser");
        std::fs::write(&script, "sleep 30; false").expect("a script");
        open(&address(), Some(&format!("sh {}", script.display()))).await.expect("it runs on");
    }

    #[test]
    fn a_desktop_is_told_of_and_secrets_are_not() {
        for told in ["DISPLAY", "XDG_RUNTIME_DIR", "LC_ALL", "WSL_INTEROP", "WAYLAND_DISPLAY"] {
            assert!(is_told(OsStr::new(told)), "{told}");
        }
        for hidden in
            ["PLANA_POSTGRES_PASSWORD", "AWS_SECRET_ACCESS_KEY", "KUBECONFIG", "PGPASSWORD"]
        {
            assert!(!is_told(OsStr::new(hidden)), "{hidden}");
        }
    }
}
