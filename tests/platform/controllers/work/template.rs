//! The build of a template: a database of its own, which takes the place of the one before when it is done.

use super::said;
use crate::platform::Role;
use crate::platform::controllers::pods::Pod;
use crate::platform::databases::SCHEMA;

pub(super) async fn run(pod: &Pod<'_>) -> Result<(), String> {
    let name = format!("{}-template-{}.planapulse.app", pod.need("EDITION")?, pod.need("VERSION")?);
    let mark = format!("built by {}", pod.uid);
    let desk = pod.desk;
    if desk.note_of(&name).await.map_err(said)?.is_some_and(|note| note == mark) {
        pod.say("it is built already");
        return Ok(());
    }
    let draft = format!("{name}-{}", pod.uid.get(..8).unwrap_or(pod.uid));
    let owner = Role::Owner;
    pod.say(&format!("building {name}"));
    let begin = [
        format!("DROP DATABASE IF EXISTS \"{draft}\" WITH (FORCE)"),
        format!("CREATE DATABASE \"{draft}\" OWNER {owner} TEMPLATE template0"),
        format!("REVOKE CONNECT ON DATABASE \"{draft}\" FROM PUBLIC"),
        format!("COMMENT ON DATABASE \"{draft}\" IS '{mark}'"),
    ];
    desk.run("postgres", &begin).await.map_err(said)?;
    desk.run(&draft, &[format!("SET ROLE {owner}; {SCHEMA}")]).await.map_err(said)?;
    pod.half_way().await?;
    let mut swap = Vec::new();
    if desk.note_of(&name).await.map_err(said)?.is_some() {
        swap.push(format!("ALTER DATABASE \"{name}\" IS_TEMPLATE false"));
        swap.push(format!("DROP DATABASE \"{name}\" WITH (FORCE)"));
    }
    swap.push(format!("ALTER DATABASE \"{draft}\" RENAME TO \"{name}\""));
    swap.push(format!("ALTER DATABASE \"{name}\" IS_TEMPLATE true"));
    desk.run("postgres", &swap).await.map_err(said)?;
    pod.say("done");
    Ok(())
}
