//! Break-glass on a real Valkey and a stand-in for Matrix: told at once, or queued and told once, and never in secret.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is test code"
)]

mod platform;
mod screen;

use platform::{EventStream, Matrix, Message, PlatformError, Valkey, ValkeyOptions, usual_moment};
use screen::{CTRL_C, Console, Home, Ran};
use serde_json::Value;

type Outcome = Result<(), PlatformError>;

const SIZE: (u16, u16) = (200, 48);
const TOKEN: &str = "syt_secret_horse_91ab";
const STREAM: &str = "PLANA:events";
const REASON: &str = "pg01 is down, nobody can sign in";

/// A profile of these two servers, with a provider that is nowhere.
fn settings(home: &Home, valkey: &Valkey, matrix: &str, more: &str) {
    let nowhere = home.path().join("no-kubeconfig").display().to_string();
    home.write(
        "config.toml",
        &format!(
            "[log]\nlevel = \"trace\"\n[profiles.night]\ndanger = \"local\"\n\
             [profiles.night.identity]\nissuer = \"http://127.0.0.1:1/nowhere\"\n{more}\n\
             [profiles.night.kubernetes]\nkubeconfig = {nowhere:?}\n\
             [profiles.night.valkey]\nurl = {:?}\n\
             [profiles.night.matrix]\nurl = {matrix:?}\ntoken = {{ env = \"OUR_TOKEN\" }}\nalerts_room = {:?}\n",
            valkey.url(),
            Matrix::ALERTS[0],
        ),
    );
}

fn home() -> Home {
    Home::new().with("OUR_TOKEN", TOKEN)
}

async fn valkey() -> Result<Valkey, PlatformError> {
    let server = Valkey::start().await?;
    server.publish(&EventStream::default(), 0..5, usual_moment()).await?;
    Ok(server)
}

/// What the console itself has added to the stream.
async fn told(server: &Valkey) -> Result<Vec<Value>, PlatformError> {
    let mut connection = server.connection().await?;
    let entries: Vec<(String, Vec<(String, String)>)> =
        redis::cmd("XRANGE").arg(STREAM).arg("-").arg("+").query_async(&mut connection).await?;
    let events = entries.into_iter().flat_map(|(_, fields)| fields);
    // They lie in their entries as the platform's own do.
    let events = events.map(|(name, value)| {
        assert_eq!(name, "event");
        serde_json::from_str::<Value>(&value).expect("JSON")
    });
    Ok(events.filter(|event| event["source"] == "//plana-pulse/console").collect())
}

fn trail(home: &Home) -> Vec<Value> {
    let ran = home.run(&["trail", "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Opens the glass for one frame.
fn frame(home: &Home, reason: &str) -> Ran {
    home.run(&["--break-glass", "--reason", reason, "--snapshot", "events", "--wait", "2"])
}

fn opened(home: &Home) -> Console {
    let arguments = ["--break-glass", "--reason", REASON];
    let console = Console::start(home, &arguments, SIZE);
    console.wait_for("7 upgrades");
    console
}

/// Waits until `look` gives something.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = screen::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < screen::HANG, "{what} does not come");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

fn kinds(messages: &[Message]) -> Vec<&str> {
    let of = |message: &Message| {
        message.content["body"].as_str().unwrap_or_default().contains("is over")
    };
    messages.iter().map(|message| if of(message) { "ended" } else { "begun" }).collect()
}

/// Everything that the console wrote below its home.
fn written(home: &Home) -> String {
    let mut folders = vec![home.state()];
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                text += &String::from_utf8_lossy(&std::fs::read(path).expect("bytes"));
            }
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_glass_is_told_in_the_room_and_on_the_stream_with_its_end() -> Outcome {
    let (server, matrix) = (valkey().await?, Matrix::start(TOKEN).await?);
    let home = home();
    settings(&home, &server, &matrix.url(), "");
    let mut console = opened(&home);
    console.wait_for("Break-glass was announced in the Matrix room and on the event stream.");
    let events =
        until("the event", async || Some(told(&server).await.ok()?).filter(|all| !all.is_empty()))
            .await;
    assert_eq!(events[0]["type"], "console.break-glass.begun");
    assert_eq!(events[0]["data"]["reason"], REASON);
    assert_eq!(events[0]["data"]["readOnly"], true);
    assert_eq!(events[0]["data"]["profile"], "night");
    let message = matrix.messages()[0].clone();
    assert_eq!(message.sender, Matrix::CONSOLE);
    let body = message.content["body"].as_str().expect("text");
    assert!(body.contains(REASON) && body.contains("It may only look."), "{body}");
    // It is an event like any other on the screen.
    console.press("3");
    console.wait_for("console.break-glass.begun");
    let ended = console.quit();
    assert!(ended.text.replace('\n', " ").contains("Break-glass is over."), "{}", ended.text);

    let events = told(&server).await?;
    assert_eq!(events.len(), 2, "{events:?}");
    assert_eq!(events[1]["type"], "console.break-glass.ended");
    assert_eq!(events[1]["data"]["begun"], events[0]["id"]);
    assert_eq!(kinds(&matrix.messages()), ["begun", "ended"]);
    let noted = trail(&home);
    assert_eq!(noted.len(), 2);
    for (noted, event) in noted.iter().zip(&events) {
        assert_eq!(noted["id"], event["id"]);
        let all = noted["outlets"].as_array().expect("outlets");
        assert!(all.len() == 2 && all.iter().all(|of| of["delivered"].is_string()), "{noted}");
    }
    let raw = String::from_utf8_lossy(&ended.raw).into_owned();
    assert!(!raw.contains(TOKEN) && !written(&home).contains(TOKEN), "the token was written");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_could_not_be_told_is_queued_and_told_once_at_the_next_start() -> Outcome {
    let (mut server, mut matrix) = (valkey().await?, Matrix::start(TOKEN).await?);
    let home = home();
    settings(&home, &server, &matrix.url(), "");
    matrix.kill();
    server.kill();
    let ran = frame(&home, REASON);
    assert!(
        ran.err
            .contains("It could not be announced in the Matrix room and on the event stream yet"),
        "{ran:?}"
    );
    let noted = trail(&home);
    assert_eq!(noted.len(), 2);
    assert!(
        noted[0]["outlets"][0]["failed"].as_str().is_some_and(|why| why.contains("Matrix")),
        "{}",
        noted[0]
    );
    assert!(home.run(&["trail"]).out.contains("matrix: queued; "));

    // A console of the same profile tells it, one that does nothing special.
    matrix.start_again().await?;
    server.start_again().await?;
    server.publish(&EventStream::default(), 0..5, usual_moment()).await?;
    let next = ["--set", "identity.issuer=http://127.0.0.1:1/other"];
    for _ in 0..2 {
        let mut console = Console::start(&home, &next, SIZE);
        console.wait_for("sign in");
        until("the announcements", async || {
            let all = told(&server).await.ok()?.len() == 2 && matrix.messages().len() == 2;
            let noted = trail(&home);
            let noted =
                noted.iter().flat_map(|of| of["outlets"].as_array().cloned().unwrap_or_default());
            (all && noted.into_iter().all(|of| of["delivered"].is_string())).then_some(())
        })
        .await;
        console.press(CTRL_C);
        assert_eq!(console.ended().code, 0);
    }
    assert_eq!(kinds(&matrix.messages()), ["begun", "ended"]);
    let events = told(&server).await?;
    assert_eq!(events.len(), 2, "{events:?}");
    for (noted, (event, message)) in trail(&home).iter().zip(events.iter().zip(matrix.messages())) {
        assert_eq!(noted["id"], event["id"]);
        assert_eq!(noted["id"], Value::from(message.transaction));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_a_console_that_was_killed_is_told_by_the_next() -> Outcome {
    let (server, matrix) = (valkey().await?, Matrix::start(TOKEN).await?);
    let home = home();
    settings(&home, &server, &matrix.url(), "");
    let killed = opened(&home);
    killed.wait_for("Break-glass was announced in the Matrix room and on the event stream.");
    // As long as it runs, nobody speaks for it.
    drop(frame(&home, "another look at the same outage"));
    assert_eq!(kinds(&matrix.messages()), ["begun", "begun", "ended"]);
    killed.signal(rustix::process::Signal::KILL);
    // What it leaves the terminal in is not what this is about.
    killed.wait_for("[exit ");
    drop(killed);

    let next = ["--set", "identity.issuer=http://127.0.0.1:1/other"];
    for _ in 0..2 {
        let mut console = Console::start(&home, &next, SIZE);
        console.wait_for("sign in");
        until("the end", async || (matrix.messages().len() == 4).then_some(())).await;
        until("the end", async || (told(&server).await.ok()?.len() == 4).then_some(())).await;
        console.press(CTRL_C);
        assert_eq!(console.ended().code, 0);
    }
    let events = told(&server).await?;
    assert_eq!(events.len(), 4, "{events:?}");
    let (begun, ended) = (&events[0], &events[3]);
    assert_eq!(ended["type"], "console.break-glass.ended");
    assert_eq!(
        (&ended["data"]["begun"], &ended["data"]["reason"]),
        (&begun["id"], &begun["data"]["reason"])
    );
    assert!(ended["data"]["lastedSeconds"].is_null(), "nobody knows: {ended}");
    let said = matrix.messages()[3].content["body"].as_str().expect("text").to_owned();
    assert!(said.contains("ended without saying so"), "{said}");
    assert!(home.run(&["trail"]).out.contains("ended without saying so, read-only"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_was_lost_does_not_say_it_twice() -> Outcome {
    let (server, matrix) = (valkey().await?, Matrix::start(TOKEN).await?);
    let home = home();
    settings(&home, &server, &matrix.url(), "");
    // It does what is asked, and never says so.
    matrix.freeze();
    let ran = frame(&home, REASON);
    assert!(ran.err.contains("It could not be announced in the Matrix room yet"), "{ran:?}");
    matrix.thaw();
    let ran = frame(&home, "the same outage goes on");
    assert!(
        ran.err.contains("That was announced in the Matrix room and on the event stream."),
        "{ran:?}"
    );
    assert_eq!(told(&server).await?.len(), 4);
    let transactions: Vec<_> = matrix.messages().into_iter().map(|of| of.transaction).collect();
    let mut once = transactions.clone();
    once.dedup();
    assert_eq!(transactions, once);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_of_each_server_are_sentences_and_the_other_is_told() -> Outcome {
    let password = Some("only-for-tests".to_owned());
    let reader = Some(("console".to_owned(), "reader-pass".to_owned()));
    let server =
        Valkey::start_with(ValkeyOptions { password, reader, ..Default::default() }).await?;
    server.publish(&EventStream::default(), 0..5, usual_moment()).await?;
    let matrix = Matrix::start(TOKEN).await?;
    let home = home().with("OUR_PASSWORD", "reader-pass");
    settings(&home, &server, &matrix.url(), "");
    let set = |home: &Home| {
        let arguments = [
            "--break-glass",
            "--reason",
            REASON,
            "--snapshot",
            "events",
            "--wait",
            "2",
            "--set",
            "valkey.username=console",
            "--set",
            "valkey.password={ env = \"OUR_PASSWORD\" }",
        ];
        home.run(&arguments)
    };
    let ran = set(&home);
    assert!(
        ran.err.contains("That was announced in the Matrix room.")
            && ran.err.contains("on the event stream yet"),
        "{ran:?}"
    );
    let said = home.run(&["trail"]).out;
    assert!(said.contains("does not let user console add to PLANA:events"), "{said}");
    assert_eq!(told(&server).await?.len(), 0);

    matrix.invite(false);
    drop(frame(&home, REASON));
    let said = home.run(&["trail"]).out;
    assert!(
        said.contains("forbids it (403") && said.contains("Invite the console's account"),
        "{said}"
    );
    matrix.revoke();
    drop(frame(&home, REASON));
    let said = home.run(&["trail"]).out;
    assert!(said.contains("does not take the token of matrix.token (401)"), "{said}");
    assert!(!said.contains(TOKEN) && !said.contains("reader-pass"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_asks_for_patience_is_given_some() -> Outcome {
    let (server, matrix) = (valkey().await?, Matrix::start(TOKEN).await?);
    let home = home();
    settings(&home, &server, &matrix.url(), "");
    matrix.later(2, 300);
    let ran = frame(&home, REASON);
    assert!(
        ran.err.contains("That was announced in the Matrix room and on the event stream."),
        "{ran:?}"
    );
    assert_eq!(kinds(&matrix.messages()), ["begun", "ended"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_can_be_noted_somebody_must_be_told() -> Outcome {
    let (server, mut matrix) = (valkey().await?, Matrix::start(TOKEN).await?);
    let home = home();
    settings(&home, &server, &matrix.url(), "");
    // What is no folder takes no trail.
    let state = home.path().join("state");
    std::fs::create_dir_all(&state).expect("a folder");
    std::fs::write(state.join("pulse-console"), "").expect("a file");
    let ran = frame(&home, REASON);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(kinds(&matrix.messages()), ["begun", "ended"]);
    assert_eq!(told(&server).await?.len(), 2);

    matrix.kill();
    drop(server);
    let ran = frame(&home, REASON);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
    assert!(ran.err.contains("The glass stays whole") && ran.err.contains("Make room"), "{ran:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_reason_is_shown_and_never_sent() -> Outcome {
    let (server, matrix) = (valkey().await?, Matrix::start(TOKEN).await?);
    let home = home();
    settings(&home, &server, &matrix.url(), "");
    let ran = frame(&home, "<script>\u{1b}]0;pwned\u{7}\u{202e} @room & more");
    let content = matrix.messages()[0].content.clone();
    let html = content["formatted_body"].as_str().expect("HTML");
    assert!(html.contains("&lt;script&gt;␛]0;pwned␇&lt;U+202E&gt; @room &amp; more"), "{html}");
    assert!(!html.contains("<script") && content["m.mentions"] == serde_json::json!({}), "{html}");
    let all = format!("{}{}{}", ran.out, ran.err, home.run(&["trail"]).out);
    assert!(!all.contains('\u{1b}') && !all.contains('\u{202e}'), "{all}");
    Ok(())
}

#[test]
fn without_a_good_reason_nothing_is_opened() {
    let home = home();
    for (arguments, said) in [
        (&["--break-glass"] as &[&str], "needs --reason"),
        (&["--break-glass", "--reason", " down "], "too short"),
        (&["--reason", "pg01 is down today"], "the reason of --break-glass"),
        (&["demo", "--break-glass"], "needs --reason"),
        (&["config", "check", "--break-glass"], "opens a console"),
        (&["trail", "--break-glass"], "opens a console"),
    ] {
        let ran = home.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.err.contains(said), "{arguments:?}: {}", ran.err);
    }
    assert_eq!(home.run(&["trail"]).out, "No console was opened with --break-glass here.\n");
    assert!(!home.state().join("trail.jsonl").exists());
}
