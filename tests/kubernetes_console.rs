//! The real console in a terminal, on a real API server: what is on the screen while the server lives, dies and refuses.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is test code"
)]

mod platform;
mod screen;

use std::path::Path;

use platform::{ApiServer, Kind, PlatformError, User, client_name, condition, usual_moment};
use screen::{Console, Home, now};

type Outcome = Result<(), PlatformError>;

/// Wide enough for whole sentences.
const SIZE: (u16, u16) = (220, 48);

/// Settings for one cluster and no Valkey.
fn settings(home: &Home, kubeconfig: &Path, more: &str) {
    let kubeconfig = kubeconfig.display().to_string();
    home.write(
        "config.toml",
        &format!(
            "[profiles.night]\ndanger = \"staging\"\n[profiles.night.kubernetes]\n\
             kubeconfig = {kubeconfig:?}\n{more}\n"
        ),
    );
}

/// Starts the console as `user`, on the tenants.
fn console(home: &Home, server: &ApiServer, user: User) -> Console {
    settings(home, &server.kubeconfig(user), "");
    Console::start(home, &[], SIZE)
}

/// Opens the feeds page and waits until all of `wanted` stands on it.
fn feeds(console: &mut Console, wanted: &[&str]) {
    console.press_for("!", " taken in, ");
    console.wait_until(&format!("{wanted:?}"), |screen| {
        let page = unfolded(screen);
        wanted.iter().all(|words| page.contains(words))
    });
}

/// The screen without line breaks and borders, so that a folded sentence can be found in it.
fn unfolded(screen: &str) -> String {
    let words = screen.split_whitespace().filter(|word| !word.chars().all(|c| c == '│'));
    words.collect::<Vec<_>>().join(" ")
}

/// Waits until `sentence`, folded or not, is on the screen.
fn wait_for_sentence(console: &Console, sentence: &str) -> String {
    unfolded(&console.wait_until(sentence, |screen| unfolded(screen).contains(sentence)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_are_shown_and_a_change_on_the_server_comes_to_the_screen() -> Outcome {
    let server = ApiServer::start().await?;
    server.create_clients(137).await?;
    server.create_upgrade("acme", "2026-05-29", "18", "18").await?;
    let home = Home::new();
    let mut console = console(&home, &server, User::Viewer);
    let screen = console.wait_for("137 tenants");
    assert!(screen.contains(" night ") && !screen.contains("DEMO"), "{screen}");
    console.wait_for("● kubernetes");
    console.press_for("7", "1 run");
    console.wait_for("acme-2026-05-29");
    console.press_for("2", "137 tenants");

    console.press_for("/acme\r", "filtered here");
    let is_acme = |line: &&str| line.contains("acme") && line.contains("18");
    let screen = console.wait_until("acme", |screen| screen.lines().any(|line| is_acme(&line)));
    assert!(!screen.contains("PodGone"), "{screen}");
    let mut took = Vec::new();
    for round in 0..5 {
        let reason = format!("PodGone{round}");
        let change = condition("Ready", "False", &reason, "no pod runs", usual_moment());
        let begun = now();
        server.set_condition(Kind::Client, "acme", &change).await?;
        console.wait_for(&reason);
        took.push(begun.elapsed().as_millis());
    }
    println!(
        "a patch of the status is on the screen after {took:?} ms (budget 200), the request included"
    );
    console.press("F");
    console.wait_without("filtered here");

    server.delete(Kind::Client, &client_name(3)).await?;
    console.wait_for("136 tenants");
    console.quit();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_leaves_its_rows_and_its_return_is_followed() -> Outcome {
    let mut server = ApiServer::start().await?;
    server.create_clients(45).await?;
    let home = Home::new();
    let mut console = console(&home, &server, User::Viewer);
    console.wait_for("45 tenants");
    console.wait_for("● kubernetes");
    let row = client_name(7);
    let pid = console.pid();

    let begun = now();
    server.kill();
    let screen = wait_for_sentence(&console, "connection refused");
    println!("killed: said after {} ms", begun.elapsed().as_millis());
    assert!(screen.contains("old, "), "the age of the rows: {screen}");
    assert!(screen.contains("See whether it is up and can be reached from here"), "{screen}");
    assert!(screen.contains("45 tenants") && screen.contains(&row), "{screen}");
    console.wait_for("▲ kubernetes");
    // The age grows while nothing else happens.
    console.wait_until("an age of seconds", |screen| {
        ["3s old", "4s old", "5s old", "6s old", "7s old"].iter().any(|age| screen.contains(age))
    });
    // What is shown can still be worked with.
    console.press_for(&format!("/{row}\r"), "filtered here");
    console.press_for("\r", "conditions  ");
    console.press("x");
    console.press("F");
    console.wait_without("filtered here");
    feeds(&mut console, &["stale, ", "connection refused"]);
    console.press("q");
    console.wait_without(" taken in, ");

    let started = now();
    server.start_again().await?;
    let begun = now();
    console.wait_for("● kubernetes");
    println!(
        "ready again {} ms after its start: live after {} ms more (budget 3000)",
        (begun - started).as_millis(),
        begun.elapsed().as_millis()
    );
    console.wait_without("connection refused");
    assert_eq!(console.pid(), pid);
    let change = condition("Ready", "False", "AfterTheStorm", "", usual_moment());
    server.set_condition(Kind::Client, &row, &change).await?;
    console.wait_for("AfterTheStor");

    // A server that hangs is as bad as one that is gone, and is said so.
    server.freeze();
    let begun = now();
    console.wait_within(3 * screen::HANG, "an old feed", |screen| screen.contains("▲ kubernetes"));
    println!("frozen: marked after {} ms", begun.elapsed().as_millis());
    server.thaw();
    console.wait_for("● kubernetes");
    console.quit();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_trouble_is_a_sentence_that_says_what_to_do() -> Outcome {
    let server = ApiServer::start().await?;
    server.create_clients(3).await?;

    let home = Home::new();
    settings(&home, &home.path().join("no-such-kubeconfig"), "");
    let console = Console::start(&home, &[], SIZE);
    let screen = wait_for_sentence(&console, "no-such-kubeconfig does not exist");
    println!("{}", said(&screen));
    console.quit();

    let home = Home::new();
    settings(&home, &server.kubeconfig(User::Viewer), "context = \"viewer@plana\"");
    let console = Console::start(&home, &[], SIZE);
    let screen =
        wait_for_sentence(&console, "has no context viewer@plana; it has viewer@plana-local");
    assert!(screen.contains("Did you mean viewer@plana-local?"), "{screen}");
    println!("{}", said(&screen));
    console.quit();

    for (user, sentence, remedy) in [
        (
            User::Expired,
            "the client certificate of user expired in",
            "Fetch a fresh kubeconfig, or have the certificate renewed.",
        ),
        (
            User::Nobody,
            "is forbidden for user nobody on",
            "Ask an administrator for the verbs list and watch on planaclients in the API group planapulse.com.",
        ),
    ] {
        let home = Home::new();
        let console = self::console(&home, &server, user);
        wait_for_sentence(&console, sentence);
        let screen = wait_for_sentence(&console, remedy);
        println!("{}", said(&screen));
        console.quit();
    }

    // A port where nobody listens.
    let home = Home::new();
    let text = std::fs::read_to_string(server.kubeconfig(User::Viewer)).expect("a kubeconfig");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr());
    let closed = closed.expect("a port").port();
    let kubeconfig =
        home.write("kubeconfig", &text.replace(&server.port().to_string(), &closed.to_string()));
    settings(&home, &kubeconfig, "");
    let console = Console::start(&home, &[], SIZE);
    let refused =
        format!("connecting to the API server at 127.0.0.1:{closed}: connection refused.");
    let screen = wait_for_sentence(&console, &refused);
    assert!(screen.contains("and whether the server address in context"), "{screen}");
    println!("{}", said(&screen));
    // It goes by itself when somebody mends the file.
    std::fs::copy(server.kubeconfig(User::Viewer), &kubeconfig).expect("copied");
    console.wait_within(4 * screen::HANG, "3 tenants", |screen| screen.contains("3 tenants"));
    console.quit();
    Ok(())
}

/// What an unfolded screen says in the place of the rows.
fn said(screen: &str) -> String {
    let begin = screen.find("✗ The tenants").or_else(|| screen.find("✗ You are")).unwrap_or(0);
    let rest = screen.get(begin..).unwrap_or(screen);
    rest.split(" / to filter").next().unwrap_or(rest).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_kind_may_be_forbidden_or_absent_while_the_others_live() -> Outcome {
    let server = ApiServer::start().await?;
    server.create_clients(3).await?;
    let home = Home::new();
    let mut console = console(&home, &server, User::NoRestores);
    console.wait_for("3 tenants");
    console.wait_for("✗ kubernetes");
    let port = server.port().to_string();
    let sentence = format!(
        "listing EnvironmentRestores is forbidden for user no-restores on 127.0.0.1:{port}. Ask an administrator for \
         the verbs list and watch on environmentrestores in the API group planapulse.com."
    );
    feeds(&mut console, &[&sentence]);
    console.press("q");
    console.wait_without(" taken in, ");
    console.quit();

    // A kind that the cluster does not have, from the start.
    let definitions: kube::Api<k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition> =
        kube::Api::all(server.client().await?);
    let name = "tenantupgrades.planapulse.com";
    definitions.delete(name, &kube::api::DeleteParams::default()).await?;
    let home = Home::new();
    let mut console = self::console(&home, &server, User::Admin);
    console.wait_for("3 tenants");
    console.wait_for("● kubernetes");
    let sentence = format!(
        "the API server at 127.0.0.1:{port} has no TenantUpgrade in the API group planapulse.com. See whether this is \
         the right cluster and whether Crossplane has installed the kind (kubectl get xrd)."
    );
    feeds(&mut console, &[&sentence]);
    console.press("q");
    console.wait_without(" taken in, ");
    console.press("7");
    wait_for_sentence(&console, "has no TenantUpgrade in the API group planapulse.com");
    console.quit();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_frame_is_printed_without_a_terminal() -> Outcome {
    let server = ApiServer::start().await?;
    server.create_clients(45).await?;
    let home = Home::new();
    settings(&home, &server.kubeconfig(User::Viewer), "");
    let ran = home.run(&["--snapshot", "tenants", "--size", "120x60", "--wait", "60"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert!(ran.out.contains("45 tenants") && ran.out.contains(&client_name(44)), "{}", ran.out);
    Ok(())
}
