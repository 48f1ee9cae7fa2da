//! Single databases, sessions and pools of real servers, looked at and changed as operations ask for it.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]
#![allow(clippy::disallowed_methods, reason = "a test may look at the clock and begin tasks")]

mod hands;
mod platform;

use std::time::{Duration, Instant};

use hands::{Console, text};
use platform::{PgBouncer, PlatformError, Postgres, Role, database_name};
use pulse_console::domain::Timestamp;
use pulse_console::domain::operation::{
    Command, ContentsSeen, DatabaseSeen, Oid, Query, Seen, SessionRef,
};
use pulse_console::platform::Unacted;
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Row as _};

type Outcome = Result<(), PlatformError>;

fn console(server: &Postgres, role: Role) -> Console {
    Console::new([("postgres.url", server.url(role)), ("postgres.password", server.password(role))])
}

fn of(name: &str) -> Query {
    Query::Database { name: text(name) }
}

async fn database(console: &Console, name: &str) -> DatabaseSeen {
    match console.look(&of(name)).await {
        Seen::Database(seen) => seen,
        other => panic!("{name}: {other:?}"),
    }
}

/// A session of `connection`, as the server knows it.
async fn session(connection: &mut PgConnection) -> Result<SessionRef, PlatformError> {
    let query = "SELECT pid, (extract(epoch FROM backend_start) * 1000)::int8 AS began
                 FROM pg_stat_activity WHERE pid = pg_backend_pid()";
    let row = sqlx::query(query).fetch_one(connection).await?;
    let (pid, began): (i32, i64) = (row.get("pid"), row.get("began"));
    Ok(SessionRef { pid: pid.unsigned_abs(), began: Timestamp::from_ms(began) })
}

async fn works(connection: &mut PgConnection) -> bool {
    // Without a prepared statement, which the pooler's next connection would not know.
    sqlx::raw_sql("SELECT 1").execute(connection).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn databases_are_renamed_and_dropped_by_their_identity() -> Outcome {
    let mut server = Postgres::start().await?;
    server.fill(2).await?;
    let console = console(&server, Role::Super);
    let (live, kept) = (database_name(0), format!("{}-op1-kept", database_name(0)));
    let before = database(&console, &live).await;
    assert!(before.bytes > 1_000_000 && before.open && before.sessions == 0, "{before:?}");

    let rename =
        |from: &str, to: &str, oid| Command::RenameDatabase { from: text(from), to: text(to), oid };
    let other = Oid(before.oid.0 + 1);
    let refused = console.refused(&rename(&live, &kept, Some(other))).await;
    println!("{refused}");
    assert!(refused.contains("another was put in its place"), "{refused}");
    // Somebody is connected: they are put out.
    let mut inside = server.connection(Role::Owner, &live).await?;
    assert_eq!(database(&console, &live).await.sessions, 1);
    console.done(&rename(&live, &kept, Some(before.oid))).await;
    assert!(!works(&mut inside).await, "they were put out");
    assert_eq!(console.look(&of(&live)).await, Seen::Absent);
    assert_eq!(database(&console, &kept).await.oid, before.oid);
    // Twice is once; a name alone does not say whether it was done.
    console.done(&rename(&live, &kept, Some(before.oid))).await;
    let gone = console.refused(&rename(&live, &kept, None)).await;
    assert!(gone.contains("there is no database"), "{gone}");
    let taken = console.refused(&rename(&kept, &database_name(1), None)).await;
    assert!(taken.contains("already exists"), "{taken}");
    let long = console.refused(&rename(&kept, &"x".repeat(64), None)).await;
    assert!(long.contains("no name of a database"), "{long}");
    // Whatever is in a name is a name.
    let odd = "a\"; DROP DATABASE authentik; --";
    console.done(&rename(&kept, odd, Some(before.oid))).await;
    assert_eq!(database(&console, odd).await.oid, before.oid);
    console.done(&rename(odd, &kept, None)).await;
    database(&console, "authentik").await;

    let drop = |oid| Command::DropDatabase { name: text(&kept), oid };
    console.refused(&drop(Some(other))).await;
    let mut inside = server.connection(Role::Owner, &kept).await?;
    console.done(&drop(Some(before.oid))).await;
    assert!(!works(&mut inside).await, "they were put out");
    let gone = console.refused(&drop(Some(before.oid))).await;
    assert!(gone.contains("there is no database"), "{gone}");
    server.stop().await;
    let away = console.act(&drop(None)).await;
    assert!(matches!(away, Err(Unacted::Unreached(_))), "{away:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_connects_again_and_again_is_put_out_or_named() -> Outcome {
    let server = Postgres::start().await?;
    server.fill(1).await?;
    let console = console(&server, Role::Super);
    let live = database_name(0);
    let options = server.options(Role::Owner, &live);
    let eager = tokio::spawn(async move {
        loop {
            if let Ok(mut connection) = options.connect().await {
                while works(&mut connection).await {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let close = |allow| Command::AllowConnections { database: text(&live), allow };
    let rename = Command::RenameDatabase { from: text(&live), to: text("kept"), oid: None };
    let began = Instant::now();
    let tried = console.act(&rename).await;
    println!("against somebody who connects at once: {tried:?} after {:?}", began.elapsed());
    match tried {
        Ok(()) => {
            let back = Command::RenameDatabase { from: text("kept"), to: text(&live), oid: None };
            console.done(&back).await;
        }
        Err(Unacted::Refused(trouble)) => {
            assert!(trouble.to_string().contains("connects again"), "{trouble}");
        }
        Err(other) => panic!("{other:?}"),
    }
    // Closed, and everybody out: then nobody comes back.
    console.done(&close(false)).await;
    console.done(&close(false)).await;
    let end = Command::EndSessions { database: text(&live) };
    console.done(&end).await;
    let quiet = async {
        while database(&console, &live).await.sessions > 0 {
            console.done(&end).await;
        }
    };
    hands::guarded(quiet).await;
    assert!(!database(&console, &live).await.open);
    let contents = console.look(&Query::Contents { database: text(&live) }).await;
    assert!(
        matches!(&contents, Seen::Refused(why) if why.as_str().contains("not currently accepting")),
        "{contents:?}"
    );
    console.done(&rename).await;
    eager.abort();
    assert!(console.refused(&close(true)).await.contains("does not exist"));
    assert!(console.refused(&end).await.contains("there is no database"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_inside_is_counted() -> Outcome {
    let server = Postgres::start().await?;
    server.fill(1).await?;
    let live = "fresh.planapulse.app".to_owned();
    server.run("postgres", &[format!("CREATE DATABASE \"{live}\"")]).await?;
    let odoo = "
        CREATE TABLE account_move (id serial);
        CREATE TABLE res_users (id serial, active boolean, write_date timestamp);
        INSERT INTO res_users (active, write_date)
            SELECT n > 1, '2026-11-20 01:02:03' FROM generate_series(1, 12) n;
        CREATE TABLE ir_module_module (id serial, state text);
        INSERT INTO ir_module_module (state) SELECT 'installed' FROM generate_series(1, 7);
        INSERT INTO ir_module_module (state) VALUES ('uninstalled');
        CREATE TABLE ir_config_parameter (key text, value text);
        INSERT INTO ir_config_parameter VALUES ('database.uuid', 'u-acme');
        CREATE TEMPORARY TABLE passing (id int)";
    server.run(&live, &odoo.split(';').map(str::to_owned).collect::<Vec<_>>()).await?;
    let query = Query::Contents { database: text(&live) };
    let all = ContentsSeen {
        tables: 4,
        modules: Some(7),
        users: Some(11),
        last_write: Timestamp::parse("2026-11-20T01:02:03Z"),
        uuid: Some(text("u-acme")),
    };
    assert_eq!(console(&server, Role::Super).look(&query).await, Seen::Contents(all.clone()));
    // Who may not look inside tells what can be told.
    let blind = console(&server, Role::Console).look(&query).await;
    let some = ContentsSeen { modules: None, users: None, last_write: None, uuid: None, ..all };
    assert_eq!(blind, Seen::Contents(some));
    let none = Query::Contents { database: text("nobody.planapulse.app") };
    assert_eq!(console(&server, Role::Super).look(&none).await, Seen::Absent);
    let other = Query::Contents { database: text("pulse_account") };
    let seen = console(&server, Role::Super).look(&other).await;
    assert!(
        matches!(seen, Seen::Contents(ContentsSeen { modules: None, users: None, .. })),
        "{seen:?}"
    );
    let Seen::Server { version, free: None } =
        console(&server, Role::Console).look(&Query::DatabaseServer).await
    else {
        panic!("it has a version")
    };
    assert!(version >= 130_000, "{version}");
    // Nor may they change anything.
    let drop = Command::DropDatabase { name: text(&live), oid: None };
    let refused = console(&server, Role::Console).refused(&drop).await;
    println!("{refused}");
    assert!(refused.contains("pulse_console"), "{refused}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_that_is_meant_is_cancelled_or_ended() -> Outcome {
    let server = Postgres::start().await?;
    server.fill(1).await?;
    let console = console(&server, Role::Super);
    let mut busy = server.connection(Role::Owner, &database_name(0)).await?;
    let meant = session(&mut busy).await?;
    let other = SessionRef { began: Timestamp::from_ms(meant.began.ms() + 1), ..meant.clone() };
    let Seen::Session { database, user, .. } = console.look(&Query::Session(meant.clone())).await
    else {
        panic!("it is there")
    };
    assert_eq!((database, user), (text(&database_name(0)), text("plana")));
    assert_eq!(console.look(&Query::Session(other.clone())).await, Seen::Absent);

    let sleeping = tokio::spawn(async move {
        let slept = sqlx::query("SELECT pg_sleep(120)").execute(&mut busy).await;
        (slept.map(drop), busy)
    });
    let asleep = async {
        loop {
            match console.look(&Query::Session(meant.clone())).await {
                Seen::Session { state, .. } if state == text("active") => break,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    hands::guarded(asleep).await;
    for command in [Command::CancelStatement(other.clone()), Command::EndSession(other)] {
        assert!(console.refused(&command).await.contains("has ended"));
    }
    console.done(&Command::CancelStatement(meant.clone())).await;
    let (slept, mut busy) = sleeping.await.expect("it ended");
    assert!(slept.expect_err("cancelled").to_string().contains("cancel"));
    assert!(works(&mut busy).await, "only the statement");
    console.done(&Command::EndSession(meant.clone())).await;
    assert!(!works(&mut busy).await);
    let gone = async {
        while console.look(&Query::Session(meant.clone())).await != Seen::Absent {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    hands::guarded(gone).await;
    assert!(console.refused(&Command::EndSession(meant)).await.contains("has ended"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_is_paused_when_it_is_quiet_and_goes_on() -> Outcome {
    let server = Postgres::start().await?;
    server.fill(2).await?;
    let bouncer = PgBouncer::start(&server).await?;
    let console = Console::new([
        ("pgbouncer.url", bouncer.admin_url()),
        ("pgbouncer.password", bouncer.admin_password()),
    ]);
    let live = database_name(0);
    let pool = Query::Pool { database: text(&live) };
    let pause = Command::PausePool { database: text(&live) };
    let resume = Command::ResumePool { database: text(&live) };
    assert_eq!(console.look(&pool).await, Seen::Absent, "nobody used it yet");
    console.done(&resume).await;

    let mut client = bouncer.options(&live).connect().await?;
    assert!(works(&mut client).await);
    console.done(&pause).await;
    console.done(&pause).await;
    let Seen::Pool { paused: true, .. } = console.look(&pool).await else { panic!("it is paused") };
    let waiting = tokio::spawn(async move { (works(&mut client).await, client) });
    let waits = async {
        loop {
            match console.look(&pool).await {
                Seen::Pool { waiting: 1, paused: true, .. } => break,
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    };
    hands::guarded(waits).await;
    console.done(&resume).await;
    console.done(&resume).await;
    let (worked, mut client) = waiting.await.expect("it ends");
    assert!(worked, "whoever waited goes on");
    assert!(matches!(console.look(&pool).await, Seen::Pool { paused: false, .. }));

    // Work that takes long is not waited for: the pool goes on, and that is said.
    let busy = tokio::spawn(async move {
        let _ = sqlx::raw_sql("SELECT pg_sleep(25)").execute(&mut client).await;
    });
    let begun = async {
        while !matches!(console.look(&pool).await, Seen::Pool { active: 1, .. }) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    hands::guarded(begun).await;
    let began = Instant::now();
    let refused = console.refused(&pause).await;
    println!("{refused} After {:?}.", began.elapsed());
    assert!(refused.contains("let go on again"), "{refused}");
    assert!(matches!(console.look(&pool).await, Seen::Pool { paused: false, .. }));
    let mut another = bouncer.options(&live).connect().await?;
    assert!(works(&mut another).await, "others get through");
    busy.abort();

    another.close().await.ok();
    Ok(())
}

/// Whether pgbouncer lists a database of this name.
async fn is_listed(bouncer: &PgBouncer, name: &str) -> Result<bool, PlatformError> {
    let options: PgConnectOptions = bouncer.admin_url().parse().expect("an address");
    let mut admin = options.password(&bouncer.admin_password()).connect().await?;
    let rows = sqlx::raw_sql("SHOW DATABASES").fetch_all(&mut admin).await?;
    admin.close().await?;
    let is = |row: &PgRow| row.try_get_raw("name").is_ok_and(|it| it.as_str().ok() == Some(name));
    Ok(rows.iter().any(is))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pool_that_all_have_left_is_still_paused_and_is_let_go_on() -> Outcome {
    let server = Postgres::start().await?;
    server.fill(1).await?;
    let bouncer = PgBouncer::start(&server).await?;
    let console = Console::new([
        ("pgbouncer.url", bouncer.admin_url()),
        ("pgbouncer.password", bouncer.admin_password()),
    ]);
    let live = database_name(0);
    let pool = Query::Pool { database: text(&live) };
    let mut client = bouncer.options(&live).connect().await?;
    assert!(works(&mut client).await);
    console.done(&Command::PausePool { database: text(&live) }).await;
    client.close().await?;
    let left = async {
        while is_listed(&bouncer, &live).await.expect("pgbouncer answers") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    hands::guarded(left).await;

    // Whoever comes next would be held back for ever, if the pool were taken for one that nobody uses.
    let seen = console.look(&pool).await;
    assert!(matches!(seen, Seen::Pool { paused: true, .. }), "{seen:?}");
    console.done(&Command::ResumePool { database: text(&live) }).await;
    let mut next = bouncer.options(&live).connect().await?;
    assert!(hands::guarded(works(&mut next)).await);
    Ok(next.close().await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_only_look_at_pools_pauses_none() -> Outcome {
    let server = Postgres::start().await?;
    let mut bouncer = PgBouncer::start(&server).await?;
    let pause = Command::PausePool { database: text("authentik") };
    let looker = Console::new([
        ("pgbouncer.url", bouncer.url()),
        ("pgbouncer.password", bouncer.password()),
    ]);
    let denied = looker.refused(&pause).await;
    println!("{denied}");
    assert!(denied.contains("admin_users"), "{denied}");
    bouncer.stop().await;
    let away = looker.act(&pause).await;
    assert!(matches!(away, Err(Unacted::Unreached(_))), "{away:?}");
    Ok(())
}
