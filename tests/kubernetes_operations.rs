//! Operations from end to end: the console as a process, on real servers whose controllers do what Crossplane does.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what it expects, and what it measured"
)]

mod controlled;
mod ground;
mod platform;

use controlled::Outcome;
use ground::Ground;

const LIVE: &str = "acme.planapulse.app";
const ROWS: &str = "sale_order";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_rows_are_back_after_a_swap_and_gone_again_when_it_is_taken_back() -> Outcome {
    let ground = Ground::start(2).await?;
    let world = &ground.world;
    ground.back_up("acme").await?;
    assert_eq!(world.rows(LIVE, ROWS).await?, 60);
    world.run(LIVE, "DELETE FROM sale_order WHERE id <= 40").await?;
    assert_eq!(world.rows(LIVE, ROWS).await?, 20);

    let worker = ground.works(LIVE);
    let (file, id) = ground.plan(&["restore", "acme", "--backup", "latest"]).await;
    let said = ground.apply(&file).await;
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    assert!(said.err.starts_with("acme: "), "the damage is the first line: {}", said.err);
    assert_eq!(world.rows(LIVE, ROWS).await?, 60);
    let (rounds, errors, longest) = worker.end();
    println!("the pool's client: {rounds} rounds, longest pause {longest} ms");
    assert!(errors.is_empty(), "clients of the pool see a pause, and no error: {errors:?}");

    // The same plan does not run twice, and what it kept is there.
    let again = ground.apply(&file).await;
    assert_eq!(again.code, Some(2), "{}", again.err);
    let kept = "SELECT count(*) FROM pg_database WHERE datname LIKE 'acme-kept-%'";
    assert_eq!(world.ask("postgres", kept).await?, 1);

    // Another word is another tenant's: nothing is done.
    let wrong = ["ops", "undo", &id, "--confirm", "beta", "--reason", "the wrong one"];
    let said = ground.console(&wrong).await;
    assert!(said.code == Some(2) && said.err.contains("Type acme to go on."), "{}", said.err);
    assert_eq!(ground.standing(&id).await, "done");
    assert_eq!(world.rows(LIVE, ROWS).await?, 60);
    let undone = ground.undo(&id, "the wrong one").await;
    assert_eq!(undone.code, Some(0), "{}\n{}", undone.out, undone.err);
    assert_eq!(world.rows(LIVE, ROWS).await?, 20);
    assert_eq!(world.ask("postgres", kept).await?, 0);
    ground.assert_no_lease().await?;

    let page = ground.console(&["ops", "show", &id]).await.out;
    for part in
        ["## Time line", "confirmed the plan: a test", "give the copy its place", "taken back"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    for happened in ["begun", "done", "undone"] {
        let kind = format!("console.operation.{happened}");
        world.until_told(&kind, &format!("{id}.{happened}")).await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tenant_is_made_backed_up_upgraded_copied_and_deleted() -> Outcome {
    let ground = Ground::start(2).await?;
    let world = &ground.world;
    let new = "nova.planapulse.app";
    let words = [
        "provision",
        "nova",
        "--project",
        "77",
        "--owner-email",
        "owner@nova.example.bg",
        "--owner-name",
        "Nova OOD",
        "--tier",
        "pro",
    ];
    ground.done(&words).await;
    assert!(world.has_database(new).await?);

    let id = ground.done(&["backup", "nova"]).await;
    let job = format!("nova-insurance-{id}");
    assert_eq!(world.until_job(controlled::JOBS, &job).await?, None);

    ground.back_up("nova").await?;
    let id = ground.done(&["restore-beside", "nova"]).await;
    let copy = format!("nova-copy-{id}.planapulse.app");
    assert!(world.has_database(&copy).await?);
    let undone = ground.undo(&id, "a look was enough").await;
    assert_eq!(undone.code, Some(0), "{}\n{}", undone.out, undone.err);
    assert!(!world.has_database(&copy).await?, "a copy that is taken back is dropped");

    ground.done(&["upgrade", "nova"]).await;
    ground.done(&["tier", "nova", "--tier", "enterprise"]).await;
    let worker = ground.works(new);
    worker.until_it_works().await;
    ground.done(&["pause-pool", "nova"]).await;
    ground.done(&["resume-pool", "nova"]).await;
    worker.until_it_works().await;
    let (_, errors, longest) = worker.end();
    assert!(errors.is_empty() && longest > 100, "{errors:?}, {longest} ms");

    ground.done(&["deprovision", "nova"]).await;
    assert!(!world.has_database(new).await?);
    ground.assert_no_lease().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_refused_when_the_world_has_moved_and_two_consoles_do_not_race() -> Outcome {
    let ground = Ground::start(2).await?;
    let world = &ground.world;
    let (file, _) = ground.plan(&["tier", "acme", "--tier", "enterprise"]).await;
    ground.done(&["tier", "acme", "--tier", "pro"]).await;
    let said = ground.apply(&file).await;
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("the tenant has changed since the plan was made"), "{}", said.err);
    assert!(said.err.contains("spec.tier"), "{}", said.err);

    // A backup that is written anew under the same key is another one.
    let key = ground.back_up("acme").await?;
    let (file, _) = ground.plan(&["restore", "acme"]).await;
    let mut bytes = world.fetch(&key).await.expect("the backup");
    bytes.push(0);
    world.put(&key, bytes).await?;
    let said = ground.apply(&file).await;
    assert!(said.err.contains("the backup has changed since"), "{}", said.err);

    let (first, _) = ground.plan(&["backup", "acme"]).await;
    let (second, _) = ground.plan(&["backup", "acme"]).await;
    // So that the first still works when the second comes.
    world.controllers().set_fault("acme-insurance", Some(platform::Fault::Slow));
    let (one, other) = tokio::join!(ground.apply(&first), ground.apply(&second));
    world.controllers().set_fault("acme-insurance", None);
    let (won, lost) = if one.code == Some(0) { (one, other) } else { (other, one) };
    assert_eq!(won.code, Some(0), "{}\n{}", won.out, won.err);
    assert!(lost.err.contains("works on acme already"), "{}\n{}", lost.out, lost.err);

    // Read-only is read-only.
    let (file, _) = ground.plan(&["backup", "acme"]).await;
    let said = ground.console(&["--readonly", "apply", &file, "--yes"]).await;
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("read-only"), "{}", said.err);
    ground.assert_no_lease().await
}
