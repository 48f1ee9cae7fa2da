//! Silences of a real Alertmanager, looked for, made and ended as operations ask for it.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod hands;
mod platform;

use std::time::Duration;

use hands::{Console, Lossy, guarded, mark, text};
use platform::{Alertmanager, Answer, PlatformError, Scripted, alert, client_name};
use pulse_console::domain::operation::{Command, NewSilence, Query, Seen};
use pulse_console::domain::{Matcher, Span};
use pulse_console::platform::{Clock as _, Unacted};
use pulse_console::runtime::WallClock;

type Outcome = Result<(), PlatformError>;

fn console(url: String) -> Console {
    Console::new([("alertmanager.url", url)])
}

fn matcher(name: &str, value: &str, [equal, regex]: [bool; 2]) -> Matcher {
    Matcher { name: text(name), value: text(value), regex, equal }
}

fn wanted(matchers: Vec<Matcher>) -> NewSilence {
    NewSilence {
        matchers,
        until: WallClock.now().after(Span::from_secs(3600)),
        by: text("maria"),
        reason: text("the disk is being replaced"),
    }
}

fn by(operation: &str) -> Query {
    Query::Silence { mark: text(operation) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silence_is_made_once_and_ended() -> Outcome {
    let mut server = Alertmanager::start().await?;
    let console = console(server.url());
    let silence = wanted(vec![matcher("alertname", "DiskFull", [true, false])]);
    assert_eq!(console.look(&by("op1")).await, Seen::Absent);
    let make = Command::Silence(silence.clone());
    console.done(&make).await;
    console.done(&make).await;
    let known = server.silences().await?;
    assert_eq!(known.len(), 1, "asked for twice, made once: {known:?}");
    assert_eq!(known[0]["comment"], "the disk is being replaced [op1]");
    assert_eq!(known[0]["createdBy"], "maria");
    let Seen::Silence { id, active: true, until } = console.look(&by("op1")).await else {
        panic!("it hides")
    };
    assert_eq!(until.ms() / 1000, silence.until.ms() / 1000);
    assert_eq!(console.look(&by(id.as_str())).await, console.look(&by("op1")).await);
    assert_eq!(console.look(&by("op")).await, Seen::Absent, "the beginning of a mark is none");
    // Another operation's is another one.
    let other = guarded(console.control.act(&make, &mark("op2"))).await;
    assert_eq!(other, Ok(()));
    assert_eq!(server.silences().await?.len(), 2);

    let expire = |id: &str| Command::ExpireSilence { id: text(id) };
    console.done(&expire("op1")).await;
    console.done(&expire(id.as_str())).await;
    assert!(matches!(console.look(&by("op1")).await, Seen::Silence { active: false, .. }));
    assert!(matches!(console.look(&by("op2")).await, Seen::Silence { active: true, .. }));
    let none = console.refused(&expire("op7")).await;
    assert!(none.contains("there is no silence op7"), "{none}");
    // One that has ended is made anew.
    console.done(&make).await;
    assert!(matches!(console.look(&by("op1")).await, Seen::Silence { active: true, .. }));
    let past = NewSilence { until: WallClock.now().before(Span::from_secs(60)), ..silence };
    let past = guarded(console.control.act(&Command::Silence(past), &mark("op9"))).await;
    assert!(matches!(&past, Err(Unacted::Refused(_))), "{past:?}");

    server.stop().await;
    let away = console.act(&make).await;
    assert!(matches!(away, Err(Unacted::Unreached(_))), "{away:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_would_be_hidden_is_what_somebody_is_told_of() -> Outcome {
    let server = Alertmanager::start().await?;
    let console = console(server.url());
    let now = WallClock.now().utc();
    let critical = [2, 3].map(|index| alert("TenantOdooDown", "critical", index, now));
    // One that a critical alert of the same tenant inhibits, and one of another tenant.
    let warnings = [2, 4].map(|index| alert("BackupLate", "warning", index, now));
    server.post(&[critical, warnings].concat()).await?;
    let hidden = async |matchers: Vec<Matcher>| match console
        .look(&Query::WouldHide(wanted(matchers)))
        .await
    {
        Seen::Alerts(mut names) => {
            names.sort();
            names.iter().map(ToString::to_string).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let down = |index| format!("TenantOdooDown {}", client_name(index));
    let named = |name: &str| matcher("alertname", name, [true, false]);
    let mut both = [down(2), down(3)];
    both.sort();
    let seen = async {
        while hidden(vec![named("TenantOdooDown")]).await != both {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    guarded(seen).await;
    let late = async {
        while hidden(vec![named("BackupLate")]).await != [format!("BackupLate {}", client_name(4))]
        {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    guarded(late).await;
    let not = vec![named("TenantOdooDown"), matcher("tenant", &client_name(2), [false, false])];
    assert_eq!(hidden(not).await, [down(3)]);
    let some = vec![matcher("tenant", &format!("{}|x", client_name(3)), [true, true])];
    assert_eq!(hidden(some).await, [down(3)]);
    assert!(hidden(vec![named("a\"} or {x=\"")]).await.is_empty());
    // What is silenced is hidden already.
    console.done(&Command::Silence(wanted(vec![named("TenantOdooDown")]))).await;
    let gone = async {
        while !hidden(vec![named("TenantOdooDown")]).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    guarded(gone).await;
    let wrong = wanted(vec![matcher("tenant", "(", [true, true])]);
    let refused = console.look(&Query::WouldHide(wrong)).await;
    assert!(matches!(refused, Seen::Refused(_)), "{refused:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_is_no_refusal() -> Outcome {
    let server = Scripted::start(Answer::json("[]")).await?;
    let console = console(server.url());
    let make = Command::Silence(wanted(vec![matcher("alertname", "DiskFull", [true, false])]));
    // It lists none, and does not answer when one is made.
    console.done(&make).await;
    server.say(Answer::status(500), Duration::ZERO);
    let look = guarded(console.control.look(&by("op1"))).await;
    assert!(look.is_err());
    let failed = console.act(&make).await;
    assert!(matches!(failed, Err(Unacted::Unreached(_))), "the look failed: {failed:?}");
    server.say(Answer::status(403), Duration::ZERO);
    let denied = console.act(&make).await;
    assert!(matches!(denied, Err(Unacted::Refused(_))), "{denied:?}");

    // The answer is lost, and what was asked for is done.
    let server = Alertmanager::start().await?;
    let way = Lossy::start(server.port()).await;
    let console = self::console(way.url());
    way.lose("POST");
    let lost = console.act(&make).await;
    assert!(matches!(lost, Err(Unacted::Unsure(_))), "{lost:?}");
    assert!(matches!(console.look(&by("op1")).await, Seen::Silence { active: true, .. }));
    console.done(&make).await;
    assert_eq!(server.silences().await?.len(), 1);
    way.lose("DELETE");
    let expire = Command::ExpireSilence { id: text("op1") };
    let lost = console.act(&expire).await;
    assert!(matches!(lost, Err(Unacted::Unsure(_))), "{lost:?}");
    assert!(matches!(console.look(&by("op1")).await, Seen::Silence { active: false, .. }));
    Ok(())
}
