//! The feed of the object store against a real S3 server.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, reason = "a test says what it expects")]

mod objects;
mod platform;

use chrono::Utc;
use objects::{Watch, options};
use platform::{
    BACKUPS, EMPTY_BACKUP, HALF_BACKUP, LATE_BACKUP, ORPHAN, Object, Objects, PlatformError,
    SMALL_BACKUP, TEMPLATES, WITHOUT_BACKUP, client_name,
};
use pulse_console::domain::backup::Fault;
use pulse_console::domain::{Health, Text, Uid};
use pulse_console::store::Class;

const TENANTS: usize = 24;

async fn filled() -> Result<Objects, PlatformError> {
    let server = Objects::start().await?;
    #[expect(clippy::disallowed_methods, reason = "the server's files are as old as they say")]
    server.fill(TENANTS, Utc::now())?;
    Ok(server)
}

#[tokio::test]
async fn every_defect_is_found_and_nothing_else() -> Result<(), PlatformError> {
    let server = filled().await?;
    let mut watch = Watch::start(options(&server));
    watch.clients(TENANTS);
    watch.until("a listing", Watch::is_listed).await;

    let faults = |index: usize| watch.verdict(&client_name(index)).expect("a shelf").faults.clone();
    assert!(matches!(&*faults(LATE_BACKUP), [Fault::Late(_)]), "{:?}", faults(LATE_BACKUP));
    assert!(matches!(&*faults(HALF_BACKUP), [Fault::Half(_)]), "{:?}", faults(HALF_BACKUP));
    assert!(matches!(&*faults(SMALL_BACKUP), [Fault::Small { percent: 3 }]));
    assert!(matches!(&*faults(EMPTY_BACKUP), [Fault::Empty(_)]), "{:?}", faults(EMPTY_BACKUP));
    assert_eq!(watch.missing(), WITHOUT_BACKUP.map(client_name));
    let odd = [LATE_BACKUP, HALF_BACKUP, SMALL_BACKUP, EMPTY_BACKUP];
    for index in (0..TENANTS).filter(|at| !odd.contains(at) && !WITHOUT_BACKUP.contains(at)) {
        let verdict = watch.verdict(&client_name(index)).expect("a shelf");
        assert_eq!((verdict.health, verdict.class), (Health::Healthy, Class::Tenant), "{index}");
        assert!(verdict.expires.is_some() && verdict.copies.0 >= 29, "{index}: {verdict:?}");
    }
    let orphan = ORPHAN.strip_suffix(".planapulse.app").expect("a tenant's name");
    assert_eq!(watch.verdict(orphan).expect("a shelf").class, Class::Orphan);
    let platform = watch.verdict("platform/plana_pulse_account").expect("the platform's dumps");
    assert_eq!((platform.class, platform.health), (Class::Platform, Health::Healthy));

    let templates = &watch.store.objects().buckets;
    let slot = templates.find(&Uid(Text::from(TEMPLATES))).expect("the bucket of templates");
    let bucket = &templates.get(slot).expect("the bucket").object;
    assert_eq!((bucket.objects, bucket.newest.len(), &bucket.trouble), (18, 12, &None));
    Ok(())
}

#[tokio::test]
async fn what_is_looked_at_is_listed_first_and_followed() -> Result<(), PlatformError> {
    let server = filled().await?;
    let last = client_name(TENANTS - 2);
    let mut watch =
        Watch::looking(options(&server), &[client_name(WITHOUT_BACKUP[1]), last.clone()]);
    watch.clients(TENANTS);
    watch.until("a listing", Watch::is_listed).await;
    let place = watch.shelves.iter().position(|name| *name == last.as_str()).expect("it is told");
    assert!(place < 8, "told as number {place}");

    // A backup that comes is seen though no listing is due; what goes is seen too.
    let tenant = client_name(WITHOUT_BACKUP[1]);
    assert!(watch.missing().contains(&tenant));
    #[expect(clippy::disallowed_methods, reason = "the server's files are as old as they say")]
    let at = Utc::now();
    let key = format!("{tenant}/backup-{}.dump.gz", at.format("%Y%m%dT%H%M%S"));
    server.put(BACKUPS, &Object { key: key.clone(), size: 5_000, at })?;
    watch.until("the first backup", |watch| !watch.missing().contains(&tenant)).await;
    server.remove(BACKUPS, &key)?;
    watch.until("it is gone", |watch| watch.missing().contains(&tenant)).await;
    Ok(())
}

#[tokio::test]
async fn a_folder_is_read_whatever_lies_in_it() -> Result<(), PlatformError> {
    let server = Objects::start().await?;
    #[expect(clippy::disallowed_methods, reason = "the server's files are as old as they say")]
    let at = Utc::now();
    for key in ["acme/notes.txt", "acme/old/backup-20260529T020000.dump.gz", "loose.txt"] {
        server.put(BACKUPS, &Object { key: key.to_owned(), size: 7, at })?;
    }
    for number in 0..1_500 {
        let then = at - chrono::Duration::hours(number);
        let key = format!("acme/backup-{}.dump.gz", then.format("%Y%m%dT%H%M%S"));
        server.put_bare(BACKUPS, [&Object { key, size: 100, at: then }])?;
    }
    let mut watch = Watch::start(options(&server));
    watch.until("a listing", Watch::is_listed).await;
    let shelves = &watch.store.objects().shelves;
    let slot = shelves.find(&Uid(Text::from("acme"))).expect("the folder");
    let shelf = &shelves.get(slot).expect("the folder").object;
    assert_eq!((shelf.copies().len(), shelf.stray(), shelves.len()), (1_500, 2, 1));
    let verdict = watch.verdict("acme").expect("a verdict");
    assert_eq!(verdict.class, Class::Unsure, "no tenant is known");
    Ok(())
}
