//! Operations without a screen by people who signed in: second factors for a plan, and approvals by somebody else. The
//! program at a terminal, on a real API server, Alertmanager and OpenID provider.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test says what it expects, and what it could not see"
)]

mod platform;
mod screen;

use std::fmt::Write as _;
use std::time::Duration;

use platform::{
    Alertmanager, ApiServer, CLIENT, OPERATOR, PlatformError, Provider, SENIOR, STEP_UP_CLIENT,
    Someone, User,
};
use screen::{Console, ENTER, Ended, Home, Ran};

type Outcome = Result<(), PlatformError>;

const SIZE: (u16, u16) = (160, 120);
const WORD: &str = "silence alertname=HighLoad";
const PLAN: [&str; 6] = ["plan", "silence", "--matchers", "alertname=HighLoad", "--for", "2h"];

struct Ground {
    alertmanager: Alertmanager,
    home: Home,
    _server: ApiServer,
    provider: Provider,
}

impl Ground {
    async fn start() -> Result<Self, PlatformError> {
        let (server, alertmanager, provider) =
            tokio::try_join!(ApiServer::start(), Alertmanager::start(), Provider::start())?;
        server.apply_manifest(include_str!("../packaging/kubernetes/namespace.yaml")).await?;
        provider.devices(Duration::from_secs(600), Some(Duration::from_secs(1))).await?;
        let home = Home::new();
        let mut settings = format!("profile = '{}'\n", profile("alone"));
        for who in ["alone", SENIOR, OPERATOR] {
            let name = profile(who);
            write!(
                settings,
                "[profiles.{name}.kubernetes]\nkubeconfig = '{}'\n\
                 [profiles.{name}.alertmanager]\nurl = '{}'\n\
                 [profiles.{name}.operations]\nguards = 'verb=silence asks=second-person'\n\
                 [profiles.{name}.identity]\nrole_without = 'senior'\n",
                server.kubeconfig(User::Admin).display(),
                alertmanager.url(),
            )
            .expect("text");
            if who != "alone" {
                write!(settings,
                    "issuer = '{}'\nclient_id = '{CLIENT}'\nstep_up_client_id = '{STEP_UP_CLIENT}'\n",
                    provider.issuer()
                )
                .expect("text");
            }
        }
        home.write("config.toml", &settings);
        Ok(Self { alertmanager, home, _server: server, provider })
    }

    /// The program without a terminal, as `who`.
    fn run(&self, who: &str, words: &[&str]) -> Ran {
        let profile = profile(who);
        self.home.run(&[&["--profile", &profile], words].concat())
    }

    /// The program at a terminal, as `who`.
    fn at_terminal(&self, who: &str, words: &[&str]) -> Console {
        let profile = profile(who);
        Console::start(&self.home, &[&["--profile", &profile], words].concat(), SIZE)
    }

    /// Signs `who` in and keeps the session; none where this machine can keep none.
    async fn signs_in(&self, who: &str) -> Result<Option<Someone>, PlatformError> {
        let someone = Someone::new(&self.provider, who)?;
        let console = self.at_terminal(who, &["login", "--keep", "--flow", "device"]);
        proves(&console, &someone).await?;
        let ended = console.ended();
        if ended.text.contains("there is no keyring here") {
            // Some containers hide it. Then the command says that it did nothing of use.
            assert_eq!(ended.code, 1, "{}", ended.text);
            println!(
                "no session can be kept on this machine, so nothing is seen of those who have one"
            );
            return Ok(None);
        }
        assert_eq!(ended.code, 0, "{}", ended.text);
        Ok(Some(someone))
    }
}

/// A name of this run's own: what is kept is kept by it.
fn profile(who: &str) -> String {
    format!("{who}-{}", std::process::id())
}

/// `someone` does in their browser what the terminal asks for; gives the pages on the way.
async fn proves(console: &Console, someone: &Someone) -> Result<Vec<String>, PlatformError> {
    let screen = console.wait_for("and see that it shows the code");
    let mut lines = screen.lines().map(str::trim);
    let address = lines.rfind(|line| line.starts_with("http")).expect("an address");
    Ok(someone.go(address).await?.titles)
}

/// What stands on the screen of a program that ended with this code.
fn ended(console: Console, code: i32) -> String {
    let Ended { code: was, text, .. } = console.ended();
    assert_eq!(was, code, "{text}");
    text
}

/// The operation's id in the file of its plan.
fn id_in(home: &Home, file: &str) -> String {
    let text = std::fs::read_to_string(home.path().join(file)).expect("the plan");
    let written: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    written["plan"]["id"].as_str().expect("an id").to_owned()
}

fn a_wrong_word_costs_no_factor(ground: &Ground) {
    let mut console = ground.at_terminal(SENIOR, &["apply", "plan"]);
    console.wait_for(&format!("Type {WORD} to go on:"));
    console.press_for(&format!("silence everything{ENTER}"), "Why:");
    console.press(&format!("a known noise{ENTER}"));
    let text = ended(console, 2);
    assert!(text.contains(&format!("Type {WORD} to go on.")) && !text.contains("http"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_confirms_with_a_factor_another_approves_and_nobody_does_both() -> Outcome {
    let ground = Ground::start().await?;
    let Some(maria) = ground.signs_in(SENIOR).await? else { return Ok(()) };
    let Some(ivan) = ground.signs_in(OPERATOR).await? else { return Ok(()) };
    let planned = [&PLAN[..], &["--reason", "a known noise", "--out", "plan"]].concat();
    let said = ground.run(SENIOR, &planned);
    assert!(said.code == 0 && said.out.contains("a second factor and a second person"), "{said:?}");
    let id = id_in(&ground.home, "plan");

    // Without a terminal there is nobody to ask.
    let apply = ["apply", "plan", "--confirm", WORD, "--reason", "a known noise"];
    let said = ground.run(SENIOR, &apply);
    assert!(said.code == 2 && said.err.contains("there is no terminal"), "{said:?}");
    a_wrong_word_costs_no_factor(&ground);
    let mut console = ground.at_terminal(SENIOR, &["apply", "plan"]);
    console.wait_for(&format!("Type {WORD} to go on:"));
    console.press_for(&format!("{WORD}{ENTER}"), "Why:");
    console.press_for(&format!("a known noise{ENTER}"), "Your second factor is asked");
    let titles = proves(&console, &maria).await?;
    assert!(titles.iter().any(|title| title == "Authenticator"), "{titles:?}");
    assert!(ended(console, 1).contains("waits for the approval of a second person"));
    assert!(ground.alertmanager.silences().await?.is_empty(), "nothing is done before that");

    let approve = ["ops", "approve", &id, "--confirm", WORD];
    let said = ground.run(SENIOR, &approve);
    assert!(said.code == 2 && said.err.contains("what they confirmed themselves"), "{said:?}");
    let said = ground.run("alone", &approve);
    assert!(said.code == 2 && said.err.contains("Nobody signs in to this profile"), "{said:?}");
    let listed = ground.run(OPERATOR, &["ops", "list", "--running"]);
    assert!(listed.out.contains(&id) && listed.out.contains("waiting"), "{listed:?}");
    let wrong = ["ops", "approve", &id, "--confirm", "silence everything"];
    let text = ended(ground.at_terminal(OPERATOR, &wrong), 2);
    assert!(text.contains(&format!("Type {WORD} to go on.")) && !text.contains("http"), "{text}");
    let mut console = ground.at_terminal(OPERATOR, &["ops", "approve", &id]);
    let screen = console.wait_for(&format!("Type {WORD} to go on:"));
    assert!(screen.contains("maria confirmed it at") && screen.contains("a known noise"));
    console.press_for(&format!("{WORD}{ENTER}"), "Your second factor is asked");
    proves(&console, &ivan).await?;
    assert!(ended(console, 0).contains("Done."));
    let silences = ground.alertmanager.silences().await?;
    assert_eq!(silences.len(), 1, "{silences:?}");

    // To take it back is as dangerous as to do it.
    let undo = ["ops", "undo", &id, "--reason", "it was no noise"];
    let said = ground.run(OPERATOR, &undo);
    assert!(said.code == 2 && said.err.contains("there is no terminal"), "{said:?}");
    let mut console = ground.at_terminal(OPERATOR, &undo);
    console.wait_for(&format!("Type {WORD} to go on:"));
    console.press_for(&format!("{WORD}{ENTER}"), "Your second factor is asked");
    proves(&console, &ivan).await?;
    assert!(ended(console, 0).contains("Everything was taken back."));
    let page = ground.run(OPERATOR, &["ops", "show", &id]).out;
    for part in ["maria confirmed the plan, with a second factor", "ivan approved of it"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(page.contains("ivan takes it back: it was no noise"), "{page}");

    // Where nobody signs in there is no second person, and that is said before anything is typed.
    let said = ground.run("alone", &planned);
    assert!(said.code == 1 && said.out.contains("set identity.issuer"), "{said:?}");
    for who in [SENIOR, OPERATOR] {
        assert_eq!(ground.run(who, &["logout"]).code, 0, "{who}");
    }
    let said = ground.run(OPERATOR, &["ops", "list"]);
    assert!(said.code == 2 && said.err.contains("Nobody is signed in"), "{said:?}");
    Ok(())
}
