//! Single objects of a real cluster, looked at and changed as operations ask for it.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod hands;
mod platform;

use hands::{Console, ask, guarded, mark, object, text};
use platform::{ApiServer, CONSOLE, Kind, Matrix, PlatformError, User, client_name};
use pulse_console::domain::operation::{Command, OPERATION_MARK, ObjectRef, Query, Seen, Which};
use pulse_console::domain::{Timestamp, Uid};
use pulse_console::platform::{Unacted, Word};
use serde_json::{Value, json};

type Outcome = Result<(), PlatformError>;

const GROUP: &str = "planapulse.com";

async fn server() -> Result<ApiServer, PlatformError> {
    let server = ApiServer::start().await?;
    server.apply_manifest(include_str!("../packaging/kubernetes/namespace.yaml")).await?;
    Ok(server)
}

fn console(server: &ApiServer, user: User) -> Console {
    let file = server.kubeconfig(user).display().to_string();
    Console::new([("kubernetes.kubeconfig", file)])
}

fn own(kind: Kind, name: &str) -> ObjectRef {
    object(GROUP, kind.name(), None, name)
}

fn upgrade(name: &str, to: &str) -> Value {
    let spec = json!({ "slug": "acme", "fromVersion": "18", "toVersion": to, "strategy": "same-major", "modules": "all" });
    Kind::Upgrade.object(name, &spec)
}

async fn seen(console: &Console, what: &ObjectRef) -> Value {
    match console.look(&Query::Object(what.clone())).await {
        Seen::Object(object) => object,
        other => panic!("{what}: {other:?}"),
    }
}

fn at<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn note<'a>(object: &'a Value, name: &str) -> &'a str {
    at(object, &format!("/metadata/annotations/{}", name.replace('/', "~1")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_is_applied_changed_and_deleted() -> Outcome {
    let server = server().await?;
    let console = console(&server, User::Admin);
    let what = own(Kind::Upgrade, "acme-18-op1");
    assert_eq!(console.look(&Query::Object(what.clone())).await, Seen::Absent);

    let manifest = upgrade("acme-18-op1", "18");
    // Done twice, it is done once.
    let apply = Command::Apply { what: what.clone(), manifest };
    console.done(&apply).await;
    let made = seen(&console, &what).await;
    console.done(&apply).await;
    assert_eq!(seen(&console, &what).await, made);
    assert_eq!(note(&made, OPERATION_MARK), "op1");
    assert_eq!(note(&made, "console.planapulse.com/requested-by"), "maria");
    assert_eq!(note(&made, "console.planapulse.com/reason"), "the disk is full");

    let uid = Uid(text(at(&made, "/metadata/uid")));
    let patch = |which| Command::Patch {
        what: what.clone(),
        which,
        patch: json!({ "spec": { "modules": "sale" } }),
    };
    let other = Uid(text("00000000-0000-4000-8000-000000000000"));
    let refused = console.refused(&patch(Which::Uid(other.clone()))).await;
    assert!(refused.contains("made again since"), "{refused}");
    let refused = console.refused(&patch(Which::MadeBy(text("op7")))).await;
    assert!(refused.contains("another operation"), "{refused}");
    console.done(&patch(Which::Uid(uid.clone()))).await;
    let changed = seen(&console, &what).await;
    assert_eq!(at(&changed, "/spec/modules"), "sale");
    console.done(&patch(Which::MadeBy(text("op1")))).await;
    assert_eq!(seen(&console, &what).await, changed, "twice is once");

    let listed = Query::Objects {
        group: text(GROUP),
        kind: text("TenantUpgrade"),
        namespace: None,
        label: None,
    };
    let Seen::Objects(all) = console.look(&listed).await else { panic!("a list") };
    assert_eq!(all, std::slice::from_ref(&changed));

    let delete = |which| Command::Delete { what: what.clone(), which };
    console.refused(&delete(Which::Uid(other))).await;
    console.refused(&delete(Which::MadeBy(text("op")))).await;
    console.done(&delete(Which::Uid(uid.clone()))).await;
    assert_eq!(console.look(&Query::Object(what.clone())).await, Seen::Absent);
    let refused = console.refused(&delete(Which::Uid(uid))).await;
    assert!(refused.contains("is not there"), "{refused}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_manifest_is_said_before_it_is_applied() -> Outcome {
    let server = server().await?;
    let console = console(&server, User::Admin);
    let what = own(Kind::Upgrade, "acme-18-op1");
    let manifest = upgrade("acme-18-op1", "18");
    let dry = Query::DryRun { what: what.clone(), manifest: manifest.clone() };
    let Seen::Object(would) = console.look(&dry).await else { panic!("it is taken") };
    assert_eq!(at(&would, "/spec/toVersion"), "18");
    assert!(would.pointer("/metadata/managedFields").is_none(), "nobody asks for that");
    assert_eq!(console.look(&Query::Object(what.clone())).await, Seen::Absent, "only tried out");
    let mut wrong = manifest.clone();
    wrong["spec"]["toVersion"] = json!("six");
    wrong["spec"]["colour"] = json!("red");
    let dry = Query::DryRun { what: what.clone(), manifest: wrong.clone() };
    let Seen::Refused(why) = console.look(&dry).await else { panic!("it is wrong") };
    println!("{why}");
    assert!(why.as_str().contains("colour"), "{why}");
    wrong["spec"].as_object_mut().expect("a spec").remove("colour");
    let dry = Query::DryRun { what: what.clone(), manifest: wrong };
    let Seen::Refused(why) = console.look(&dry).await else { panic!("it is wrong") };
    println!("{why}");
    assert!(why.as_str().contains("spec.toVersion"), "{why}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_keep_is_left_to_them_and_named() -> Outcome {
    let server = server().await?;
    let client = server.client().await?;
    let console = console(&server, User::Admin);
    let what = own(Kind::Upgrade, "acme-op1");
    let theirs = upgrade("acme-op1", "18");
    let path = format!("{}/acme-op1?fieldManager=argocd&force=true", Kind::Upgrade.path());
    ask(&client, ("PATCH", &path), &theirs).await.map_err(Box::new)?;
    let mut ours = theirs.clone();
    ours["spec"]["modules"] = json!("sale");
    let refused =
        console.refused(&Command::Apply { what: what.clone(), manifest: ours.clone() }).await;
    println!("{refused}");
    assert!(refused.contains("argocd keeps .spec.modules"), "{refused}");
    let dry = Query::DryRun { what: what.clone(), manifest: ours };
    let Seen::Refused(why) = console.look(&dry).await else { panic!("it is in the way") };
    assert!(why.as_str().contains("argocd keeps .spec.modules"), "{why}");
    assert_eq!(at(&seen(&console, &what).await, "/spec/modules"), "all");

    // What the console set by a patch is in nobody's way.
    let made = own(Kind::Upgrade, "acme-op2");
    let apply = |to: &str| Command::Apply { what: made.clone(), manifest: upgrade("acme-op2", to) };
    console.done(&apply("18")).await;
    let uid = Uid(text(at(&seen(&console, &made).await, "/metadata/uid")));
    let patch = json!({ "spec": { "toVersion": "19" } });
    console.done(&Command::Patch { what: made.clone(), which: Which::Uid(uid), patch }).await;
    let applied = guarded(console.control.act(&apply("18"), &mark("op9"))).await;
    assert_eq!(applied, Ok(()));
    let now = seen(&console, &made).await;
    assert_eq!((at(&now, "/spec/toVersion"), note(&now, OPERATION_MARK)), ("18", "op9"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_flux_keeps_is_changed_in_git() -> Outcome {
    let server = server().await?;
    let client = server.client().await?;
    let console = console(&server, User::Admin);
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "kept", "labels": {
            "kustomize.toolkit.fluxcd.io/name": "odoo-workers",
            "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
        } },
        "data": { "a": "1" },
    });
    let path = format!("/api/v1/namespaces/{CONSOLE}/configmaps");
    let map = ask(&client, ("POST", &path), &map).await.map_err(Box::new)?;
    let what = object("", "ConfigMap", Some(CONSOLE), "kept");
    let which = || Which::Uid(Uid(text(at(&map, "/metadata/uid"))));
    let manifest = json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": { "a": "2" } });
    for command in [
        Command::Apply { what: what.clone(), manifest: manifest.clone() },
        Command::Patch {
            what: what.clone(),
            which: which(),
            patch: json!({ "data": { "a": "2" } }),
        },
        Command::Delete { what: what.clone(), which: which() },
    ] {
        let refused = console.refused(&command).await;
        assert!(refused.contains("Kustomization flux-system/odoo-workers"), "{refused}");
        assert!(refused.contains("git"), "{refused}");
    }
    let dry = Query::DryRun { what: what.clone(), manifest };
    assert!(matches!(console.look(&dry).await, Seen::Refused(_)));
    assert_eq!(at(&seen(&console, &what).await, "/data/a"), "1");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_in_namespaces_are_found_without_naming_one() -> Outcome {
    let server = server().await?;
    let console = console(&server, User::Admin);
    let client = server.client().await?;
    let anywhere = object("", "ConfigMap", None, "settings");
    let manifest = json!({ "apiVersion": "v1", "kind": "ConfigMap", "data": { "a": "1" } });
    let there = object("", "ConfigMap", Some(CONSOLE), "settings");
    console.done(&Command::Apply { what: there, manifest: manifest.clone() }).await;
    let found = seen(&console, &anywhere).await;
    assert_eq!((at(&found, "/metadata/namespace"), at(&found, "/kind")), (CONSOLE, "ConfigMap"));
    console.done(&Command::Apply { what: anywhere.clone(), manifest: manifest.clone() }).await;
    let twin =
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "settings" } });
    let path = "/api/v1/namespaces/default/configmaps";
    ask(&client, ("POST", path), &twin).await.map_err(Box::new)?;
    let unsure = guarded(console.control.look(&Query::Object(anywhere))).await;
    assert!(unsure.expect_err("which one?").to_string().contains("several ConfigMap settings"));
    let no_kind = Query::Object(object("nowhere.example", "Widget", None, "x"));
    let unknown = guarded(console.control.look(&no_kind)).await.expect_err("no such kind");
    assert!(unknown.to_string().contains("no kind Widget in nowhere.example"), "{unknown}");

    for number in 0..620 {
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": format!("m{number}"), "labels": { "of": "many" } },
        });
        ask(&client, ("POST", path), &map).await.map_err(Box::new)?;
    }
    let many = Query::Objects {
        group: text(""),
        kind: text("ConfigMap"),
        namespace: Some(text("default")),
        label: Some((text("of"), text("many"))),
    };
    let Seen::Objects(all) = console.look(&many).await else { panic!("a list") };
    assert_eq!(all.len(), 620, "more than a page");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_looks_after_an_alert_is_written_once() -> Outcome {
    let server = server().await?;
    let (one, two) = (console(&server, User::Admin), console(&server, User::Admin));
    let query = Query::Acknowledgement { fingerprint: text("6a1f4c02d9e37b58") };
    assert_eq!(one.look(&query).await, Seen::Absent);
    let until = Timestamp::from_ms(4_000_000_000_000);
    let ack = |by: Option<&str>| Command::Acknowledge {
        fingerprint: text("6a1f4c02d9e37b58"),
        name: text("TenantOdooDown"),
        by: by.map(text),
        until,
    };
    // Both at once where there is no map yet: one of them has it.
    let (maria, ivan) = (ack(Some("maria")), ack(Some("ivan")));
    let (left, right) = tokio::join!(one.act(&maria), two.act(&ivan));
    let Seen::Acknowledgement { by, until: Some(held) } = one.look(&query).await else {
        panic!("somebody has it")
    };
    assert_eq!(held, until);
    let (won, lost) = if by == text("maria") { (left, right) } else { (right, left) };
    assert_eq!(won, Ok(()));
    let lost = lost.expect_err("only one").to_string();
    assert!(lost.contains(&format!("{by} looks after the alert already")), "{lost}");
    one.done(&ack(Some(by.as_str()))).await;
    one.done(&ack(None)).await;
    one.done(&ack(None)).await;
    assert_eq!(one.look(&query).await, Seen::Absent);
    let bad = Command::Acknowledge { fingerprint: text("../x"), name: text("x"), by: None, until };
    assert!(one.refused(&bad).await.contains("no fingerprint"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_left_on_the_tenant_once() -> Outcome {
    let server = server().await?;
    server.create_clients(2).await?;
    let console = console(&server, User::Admin);
    let word = Word {
        mark: mark("op1"),
        happened: "stopped",
        sentence: text("Change the tier (maria) stopped: no room."),
        tenant: Some(text(&client_name(0))),
        verb: "tier",
    };
    for _ in 0..2 {
        guarded(console.control.tell(&word)).await.expect("told");
    }
    let client = server.client().await?;
    let path = "/api/v1/namespaces/default/events";
    let events = ask(&client, ("GET", path), &Value::Null).await.map_err(Box::new)?;
    let ours: Vec<&Value> = events["items"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|event| at(event, "/source/component") == "pulse-console")
        .collect();
    assert_eq!(ours.len(), 1);
    assert_eq!(at(ours[0], "/type"), "Warning");
    assert_eq!(at(ours[0], "/reason"), "OperationStopped");
    assert_eq!(at(ours[0], "/involvedObject/name"), client_name(0));
    assert!(at(ours[0], "/message").contains("no room"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_became_of_a_change_is_told_apart() -> Outcome {
    let mut server = server().await?;
    let what = own(Kind::Upgrade, "acme-op1");
    let apply = Command::Apply { what: what.clone(), manifest: upgrade("acme-op1", "18") };
    // Known, and may do nothing.
    let nobody = console(&server, User::Nobody);
    let denied = nobody.refused(&apply).await;
    assert!(denied.contains("forbidden"), "{denied}");
    let expired = console(&server, User::Expired);
    let unknown = expired.act(&apply).await;
    assert!(matches!(unknown, Err(Unacted::Unreached(_))), "{unknown:?}");

    let console = console(&server, User::Admin);
    console.done(&apply).await;
    // It does not even answer the look before the change: nothing was changed.
    server.freeze();
    let silent = console.act(&apply).await;
    println!("{silent:?}");
    assert!(matches!(silent, Err(Unacted::Unreached(_))), "{silent:?}");
    server.thaw();
    server.kill();
    let lost = console.act(&apply).await;
    println!("{lost:?}");
    let away = console.act(&apply).await;
    assert!(matches!(away, Err(Unacted::Unreached(_))), "{away:?}");
    server.start_again().await?;
    console.done(&apply).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_room_hears_once_who_looks_after_an_alert() -> Outcome {
    let server = server().await?;
    let mut room = Matrix::start("room-token").await?;
    let file = server.kubeconfig(User::Admin).display().to_string();
    let console = Console::new([
        ("kubernetes.kubeconfig", file),
        ("matrix.url", room.url()),
        ("matrix.token", "room-token".to_owned()),
        ("matrix.alerts_room", Matrix::ALERTS[0].to_owned()),
    ]);
    let ack = |by: Option<&str>| Command::Acknowledge {
        fingerprint: text("6a1f4c02d9e37b58"),
        name: text("TenantOdooDown"),
        by: by.map(text),
        until: Timestamp::from_ms(4_000_000_000_000),
    };
    console.done(&ack(Some("maria"))).await;
    console.done(&ack(Some("maria"))).await;
    let said = room.messages();
    assert_eq!(said.len(), 1, "{said:?}");
    let body = said[0].content["body"].as_str().expect("a text");
    assert!(body.contains("maria looks after TenantOdooDown"), "{body}");
    assert!(body.contains("the disk is full"), "{body}");
    // The room is a courtesy.
    room.kill();
    console.done(&ack(None)).await;
    Ok(())
}
