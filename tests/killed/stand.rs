//! What an operation is made on: the world as the verb needs it, and the words that ask for it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pulse_console::domain::operation::Verb;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};

use super::Killing;
use super::victim::Victim;
use crate::controlled::now;
use crate::ground::Ground;
use crate::platform::{Ack, Kind, PlatformError, Role, alert, version_namespace};

/// The words for a new tenant.
const NEW: [&str; 9] = [
    "provision",
    "--project",
    "77",
    "--owner-email",
    "owner@new.example.bg",
    "--owner-name",
    "New OOD",
    "--tier",
    "starter",
];

/// What one operation is made on, and by what its traces are known.
#[derive(Default)]
pub(super) struct Stand {
    /// What is asked for.
    pub(super) words: Vec<String>,
    /// The tenant that it is about.
    pub(super) tenant: Option<String>,
    /// The template that it is about.
    pub(super) template: Option<String>,
    /// The namespace whose workers are restarted.
    pub(super) workers: Option<&'static str>,
    /// The alert that it is about: its name, and its fingerprint.
    pub(super) alert: Option<(String, String)>,
    /// The session that it is about.
    pub(super) victim: Option<Victim>,
    /// Names that differ from stand to stand, and what they stand for.
    pub(super) names: Vec<(String, &'static str)>,
    /// Those who are connected.
    #[expect(dead_code, reason = "they stay as long as the stand")]
    guests: Vec<PgConnection>,
}

impl Stand {
    fn about(tenant: &str, words: &[&str]) -> Self {
        let given = words.iter().map(ToString::to_string);
        let verb = given.clone().take(1).chain([tenant.to_owned()]);
        Self {
            words: verb.chain(given.skip(1)).collect(),
            tenant: Some(tenant.to_owned()),
            names: vec![(tenant.to_owned(), "{tenant}")],
            ..Self::default()
        }
    }
}

/// A name that nobody had before.
fn fresh(what: &str) -> String {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    format!("{what}x{:03}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// The address of a tenant, which its database is called after.
pub(super) fn host(tenant: &str) -> String {
    format!("{tenant}.planapulse.app")
}

impl Killing<'_> {
    /// Makes the lane ready, once.
    pub(super) async fn settle(&self, lane: &str) {
        let made = async {
            match self.verb {
                Verb::Backup | Verb::Tier | Verb::DropKept | Verb::PausePool | Verb::ResumePool => {
                    tenant(self.ground, lane, "18").await
                }
                Verb::RestoreBeside | Verb::RestoreSwap | Verb::RestoreInPlace => {
                    tenant(self.ground, lane, "18").await?;
                    self.ground.back_up(lane).await.map(drop)
                }
                Verb::UpgradeSame => {
                    tenant(self.ground, lane, version_of(lane)).await?;
                    // Its first upgrade is to change no more than those after it.
                    let upgraded = format!(
                        "UPDATE ir_module_module SET latest_version = '{}.0'",
                        version_of(lane)
                    );
                    self.ground.world.run(&host(lane), &upgraded).await
                }
                _ => Ok(()),
            }
        };
        made.await.expect("the lane can be made ready");
    }

    /// The world as the verb needs it.
    pub(super) async fn stand(&self, lane: &str) -> Result<Stand, PlatformError> {
        match self.verb {
            Verb::Cancel | Verb::Terminate => self.session().await,
            Verb::Silence | Verb::ExpireSilence | Verb::Ack | Verb::Unack => self.alert().await,
            Verb::Template => Ok(template(lane)),
            _ => self.tenant(lane).await,
        }
    }

    async fn tenant(&self, lane: &str) -> Result<Stand, PlatformError> {
        let (ground, verb) = (self.ground, self.verb.word());
        let world = &ground.world;
        Ok(match self.verb {
            Verb::Provision => Stand::about(&fresh("new"), &NEW),
            Verb::Deprovision => {
                let name = fresh("gone");
                tenant(ground, &name, "18").await?;
                Stand::about(&name, &[verb])
            }
            Verb::UpgradeCross => {
                let name = fresh("up");
                tenant(ground, &name, "18").await?;
                Stand::about(&name, &[verb, "--version", "19"])
            }
            Verb::RestoreBeside => Stand::about(lane, &[verb, "--backup", "latest"]),
            Verb::RestoreSwap => self.used(lane, &[verb, "--backup", "latest"]).await?,
            Verb::RestoreInPlace => {
                let accepted = "the owner, by telephone";
                self.used(lane, &[verb, "--backup", "latest", "--accepted-by", accepted]).await?
            }
            Verb::UpgradeSame => {
                let version = version_of(lane);
                let workers = version_namespace(version);
                let mut stand = Stand::about(lane, &[verb]);
                stand.names.push((workers.to_owned(), "{workers}"));
                stand.names.push((format!("\"{version}\""), "{version}"));
                Stand { workers: Some(workers), ..stand }
            }
            Verb::Tier => Stand::about(lane, &[verb, "--tier", "enterprise"]),
            Verb::DropKept => {
                let name = host(&format!("{lane}-kept-202601010101-{}", fresh("old")));
                world.run("postgres", &format!("CREATE DATABASE \"{name}\"")).await?;
                let mut stand = Stand::about(lane, &[]);
                stand.words = [verb, "--database", &name].map(str::to_owned).to_vec();
                stand.names.push((name, "{kept}"));
                stand
            }
            Verb::PausePool | Verb::ResumePool => {
                let guests = vec![self.use_pool(&host(lane)).await?];
                if self.verb == Verb::ResumePool {
                    ground.bouncer.admin(&format!("PAUSE \"{}\"", host(lane))).await?;
                }
                Stand { guests, ..Stand::about(lane, &[verb]) }
            }
            _ => Stand::about(lane, &[verb]),
        })
    }

    /// A tenant that is worked in, and lacks what its backup has.
    async fn used(&self, lane: &str, words: &[&str]) -> Result<Stand, PlatformError> {
        let (world, live) = (&self.ground.world, host(lane));
        world.run(&live, "DELETE FROM sale_order WHERE id <= 40").await?;
        let direct = world.postgres.connection(Role::Owner, &live).await?;
        let guests = vec![self.use_pool(&live).await?, direct];
        Ok(Stand { guests, ..Stand::about(lane, words) })
    }

    /// Somebody who has worked by way of the pool, which goes on.
    async fn use_pool(&self, database: &str) -> Result<PgConnection, PlatformError> {
        let bouncer = &self.ground.bouncer;
        // It may not be paused.
        let _ = bouncer.admin(&format!("RESUME \"{database}\"")).await;
        let mut session = PgConnection::connect_with(&bouncer.options(database)).await?;
        sqlx::raw_sql("SELECT 1").execute(&mut session).await?;
        Ok(session)
    }

    async fn session(&self) -> Result<Stand, PlatformError> {
        let victim = Victim::start(self.ground).await?;
        let (pid, began) = (victim.pid.to_string(), victim.began());
        let words = [self.verb.word(), "--pid", &pid, "--began", &began];
        Ok(Stand {
            words: words.map(str::to_owned).to_vec(),
            victim: Some(victim),
            ..Stand::default()
        })
    }

    async fn alert(&self) -> Result<Stand, PlatformError> {
        let alertmanager = &self.ground.alertmanager;
        let name = fresh("Trouble");
        alertmanager.post(&[alert(&name, "critical", 0, now())]).await?;
        let fingerprint = loop {
            let all = alertmanager.alerts().await?;
            let found = all.iter().find(|alert| alert["labels"]["alertname"] == *name);
            if let Some(alert) = found {
                break alert["fingerprint"].as_str().unwrap_or_default().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let mut names = vec![(name.clone(), "{alert}"), (fingerprint.clone(), "{fingerprint}")];
        let until = now() + chrono::Duration::hours(2);
        let verb = self.verb.word();
        let words = match self.verb {
            Verb::Silence => {
                let hides = format!("alertname={name}");
                [verb, "--matchers", &hides, "--for", "2h", "--reason", "a test"]
                    .map(str::to_owned)
                    .to_vec()
            }
            Verb::ExpireSilence => {
                let labels = [("alertname", name.as_str())];
                let id = alertmanager.silence(&labels, "vera", "known", [now(), until]).await?;
                names.push((id.clone(), "{silence}"));
                [verb, "--silence", &id].map(str::to_owned).to_vec()
            }
            _ => [verb, "--alert", &fingerprint, "--name", &name].map(str::to_owned).to_vec(),
        };
        if self.verb == Verb::Unack {
            let ack =
                Ack { fingerprint: &fingerprint, by: "vera", at: now(), until, note: "known" };
            self.ground.world.api.acknowledge(&ack).await?;
            names.push((until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true), "{until}"));
        }
        Ok(Stand { words, alert: Some((name, fingerprint)), names, ..Stand::default() })
    }
}

/// The workers of a version are one thing: there is one lane for each.
fn version_of(lane: &str) -> &'static str {
    if lane.ends_with('1') { "18" } else { "19" }
}

/// There are as many lanes as templates that nobody else clones meanwhile.
fn template(lane: &str) -> Stand {
    let (edition, version) = match lane {
        "template01" => ("basic", "17"),
        "template02" => ("pro", "17"),
        _ => ("pro", "19"),
    };
    let name = format!("{edition}-template-{version}");
    let words = ["template", "--edition", edition, "--version", version];
    Stand {
        words: words.map(str::to_owned).to_vec(),
        names: vec![
            (name.clone(), "{template}"),
            (format!("\"{edition}\""), "{edition}"),
            (format!("\"{version}\""), "{version}"),
        ],
        template: Some(name),
        ..Stand::default()
    }
}

/// Makes a tenant, as the platform does, and waits until it is there.
async fn tenant(ground: &Ground, name: &str, version: &str) -> Result<(), PlatformError> {
    let spec = json!({
        "subdomain": name,
        "projectId": 7,
        "tier": "starter",
        "odooVersion": version,
        "ownerEmail": "owner@example.bg",
        "ownerName": "Owner OOD",
    });
    ground.world.api.create_spec(Kind::Client, name, &spec).await?;
    ground.world.until_settled(Kind::Client, name).await.map(drop)
}
