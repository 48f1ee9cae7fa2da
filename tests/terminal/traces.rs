//! What the live console leaves on the disk, without any server to talk to.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::SIZE;
use crate::screen::{CTRL_G, Console, Home};

const TOKEN: &str = "token-of-nobody-else-7f3a";
const PASSWORD: &str = "swordfish-2c9d";

/// Settings that lead to ports where nobody listens, with two secrets to keep.
fn nowhere(home: &Home) {
    let port = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address").port()
    };
    let kubeconfig = home.write(
        "kubeconfig",
        &format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: here\n\
             clusters: [{{name: c, cluster: {{server: \"http://127.0.0.1:{}\"}}}}]\n\
             users: [{{name: u, user: {{token: {TOKEN}}}}}]\n\
             contexts: [{{name: here, context: {{cluster: c, user: u}}}}]\n",
            port()
        ),
    );
    home.write(
        "config.toml",
        &format!(
            "[log]\nlevel = \"trace\"\n[profiles.night]\ndanger = \"production\"\n\
             [profiles.night.kubernetes]\nkubeconfig = {:?}\n\
             [profiles.night.valkey]\nurl = \"redis://127.0.0.1:{}\"\npassword = {{ env = \"OUR_PASSWORD\" }}\n",
            kubeconfig.display().to_string(),
            port()
        ),
    );
}

fn mode(path: &Path) -> u32 {
    let metadata =
        std::fs::metadata(path).unwrap_or_else(|_| panic!("{} is there", path.display()));
    metadata.permissions().mode() & 0o777
}

#[test]
fn log_and_recording_are_private_and_hold_no_secret() {
    let home = Home::new().with("OUR_PASSWORD", PASSWORD);
    nowhere(&home);
    let mut console = Console::start(&home, &[], SIZE);
    let screen = console.wait_for("connection refused");
    assert!(screen.contains(" night ") && !screen.contains("DEMO"), "{screen}");
    console.press_for("3", "refuses connections");
    console.press_for(CTRL_G, "Saved ");
    console.press_for("!", " taken in, ");
    console.press("q");
    let ended = {
        console.wait_without(" taken in, ");
        console.quit()
    };

    let log = home.state().join("console.log");
    assert_eq!((mode(&log), mode(&home.state())), (0o600, 0o700));
    let recordings = home.recordings();
    assert_eq!(recordings.len(), 1);
    assert_eq!(mode(&recordings[0]), 0o600);
    let recording = std::fs::read_to_string(&recordings[0]).expect("text");
    assert!(recording.contains("connection refused"), "it recorded what was seen");
    let log = std::fs::read_to_string(&log).expect("text");
    let written = [log, recording, String::from_utf8_lossy(&ended.raw).into_owned()];
    for secret in [TOKEN, PASSWORD] {
        for text in &written {
            assert!(!text.contains(secret), "a secret was written");
        }
    }
    let shown = home.run(&["config", "show", "--origin"]);
    assert!(shown.out.contains("{ env = \"OUR_PASSWORD\" }") && !shown.out.contains(PASSWORD));
}

#[test]
fn without_a_terminal_the_live_console_says_how_to_get_a_frame() {
    let home = Home::new();
    nowhere(&home);
    let ran = home.run(&[]);
    assert_eq!(ran.code, 2);
    assert_eq!(
        ran.err.trim(),
        "The console needs a terminal. For one frame without one: pulse-console --snapshot tenants"
    );
    let frame = home.run(&["--snapshot", "tenants", "--wait", "20"]);
    assert!(frame.out.contains("connection refused"), "{frame:?}");
}

#[test]
fn a_log_that_cannot_be_written_is_said_and_stops_nothing() {
    let home = Home::new();
    nowhere(&home);
    let console = Console::start(&home, &["--set", "log.file=/proc/none/console.log"], (220, 48));
    console.wait_for("There is no log this time: The log /proc/none/console.log can't be written");
    console.quit();
}
