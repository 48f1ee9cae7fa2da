//! The card's parts from the servers of data: database, sessions, pool, backups, executions, probes.

use super::super::{DetailLine, Tone};
use super::platform::bounded;
use super::{Item, Page, plain, sign, size, took};
use crate::domain::{FeedId, Health, Session, SessionState};

impl Page<'_> {
    pub(super) fn probes(&self) -> Vec<DetailLine> {
        let probes = &self.store.objects().probes;
        let own = self.joined.of(FeedId::Probes).filter_map(|slot| probes.get(slot));
        let items = own.map(|held| {
            let probe = &held.object;
            let (health, word) =
                if probe.up { (Health::Healthy, "answers") } else { (Health::Failed, "is down") };
            let mut says = format!("{} {word}", probe.target);
            if let Some(status) = probe.status {
                says.push_str(&format!("  HTTP {status}"));
            }
            if let Some(span) = probe.took {
                says.push_str(&format!("  {}", took(span)));
            }
            vec![sign(health), plain(Tone::Plain, &says), self.when(probe.at)]
        });
        self.section("from outside", &[FeedId::Probes], items.collect())
    }

    pub(super) fn database(&self) -> Vec<DetailLine> {
        let databases = &self.store.objects().databases;
        let own = self.joined.of(FeedId::Databases).filter_map(|slot| databases.get(slot));
        let items = own.map(|held| {
            let database = &held.object;
            let mut item: Item = vec![plain(Tone::Plain, database.name.as_str())];
            match database.size {
                Some(measured) => {
                    item.push(plain(Tone::Plain, &format!("  {}", size(measured.bytes))));
                    let measured = format!(" (measured {})", self.ago(measured.at));
                    item.push(plain(Tone::Muted, &measured));
                }
                None => item.push(plain(Tone::Muted, "  size not measured yet")),
            }
            let connections = database.connections;
            let mut says = format!("  {} connections", connections.all());
            if connections.active > 0 {
                says.push_str(&format!(", {} active", connections.active));
            }
            if let Some(hit) = database.figures.hit_permille {
                says.push_str(&format!("  cache {}.{} %", hit / 10, hit % 10));
            }
            if database.figures.deadlocks > 0 {
                says.push_str(&format!("  {} deadlocks", database.figures.deadlocks));
            }
            if let Some(at) = database.vacuumed {
                says.push_str(&format!("  vacuumed {}", self.ago(at)));
            }
            if !database.open {
                says.push_str("  takes no connections");
            }
            item.push(plain(Tone::Plain, &says));
            item
        });
        self.section("database", &[FeedId::Databases], items.collect())
    }

    pub(super) fn sessions(&self) -> Vec<DetailLine> {
        let sessions = &self.store.objects().sessions;
        let own: Vec<&Session> = self
            .joined
            .of(FeedId::Sessions)
            .filter_map(|slot| sessions.get(slot).map(|held| &*held.object))
            .collect();
        let mut items: Vec<Item> = Vec::new();
        if !own.is_empty() {
            let active = own.iter().filter(|it| it.state == SessionState::Active).count();
            let oldest = own.iter().filter_map(|session| session.transaction).min();
            let oldest =
                oldest.map(|at| format!(", the oldest transaction began {}", self.ago(at)));
            let says = format!("{}, {active} active{}", own.len(), oldest.unwrap_or_default());
            items.push(vec![plain(Tone::Plain, &says)]);
        }
        for session in own.iter().filter(|session| !session.blocked_by.is_empty()) {
            let by: Vec<String> = session.blocked_by.iter().take(4).map(u32::to_string).collect();
            let says = format!("pid {} waits for pid {}", session.pid, by.join(", "));
            let mut item = vec![sign(Health::Degraded), plain(Tone::Warning, &says)];
            item.extend(session.statement_at.map(|at| self.when(at)));
            items.push(item);
        }
        self.section("sessions", &[FeedId::Sessions], bounded(items.into_iter()))
    }

    pub(super) fn pool(&self) -> Vec<DetailLine> {
        let pools = &self.store.objects().pools;
        let own = self.joined.of(FeedId::Pools).filter_map(|slot| pools.get(slot));
        let items = own.map(|held| {
            let pool = &held.object;
            let waits = pool.clients_waiting > 0;
            let health = if waits || pool.paused { Health::Degraded } else { Health::Healthy };
            let mut says = format!(
                "{}  {} clients, {} waiting  servers {} active, {} idle",
                pool.user,
                pool.clients_active,
                pool.clients_waiting,
                pool.servers_active,
                pool.servers_idle
            );
            if waits {
                says.push_str(&format!("  longest wait {}", pool.longest_wait));
            }
            if pool.paused {
                says.push_str("  paused");
            }
            vec![sign(health), plain(Tone::Plain, &says)]
        });
        self.section("pool", &[FeedId::Pools], bounded(items))
    }

    pub(super) fn backups(&self) -> Vec<DetailLine> {
        let shelves = self.store.shelves();
        let shelf = self.joined.of(FeedId::Backups).next();
        let verdict = shelf
            .and_then(|slot| shelves.of(slot))
            .or_else(|| self.joined.client.and_then(|slot| shelves.missing(slot)));
        let mut items: Vec<Item> = Vec::new();
        if let Some(verdict) = verdict {
            let mut item = vec![sign(verdict.health)];
            match verdict.newest {
                Some(at) => {
                    let (dump, filestore) = verdict.sizes;
                    let dump = dump.map_or_else(|| "no dump".to_owned(), size);
                    let files = filestore.map_or_else(|| "no filestore".to_owned(), size);
                    let says = format!("newest {}: {dump}, {files}", self.ago(at));
                    item.push(plain(Tone::Plain, &says));
                }
                None => item.push(plain(Tone::Warning, "no daily backup")),
            }
            let (daily, insurance) = verdict.copies;
            let mut says = format!("  {daily} daily, {insurance} insurance");
            if let Some(at) = verdict.expires {
                says.push_str(&format!("  next goes {}", self.ago(at)));
            }
            if let Some(at) = verdict.protected.filter(|at| *at > self.now) {
                says.push_str(&format!("  insurance kept at least {} more", at.since(self.now)));
            }
            item.push(plain(Tone::Plain, &says));
            items.push(item);
            for fault in &verdict.faults {
                items.push(vec![plain(Tone::Warning, &fault.to_string())]);
            }
        }
        self.section("backups", &[FeedId::Backups], items)
    }

    pub(super) fn executions(&self) -> Vec<DetailLine> {
        let executions = &self.store.objects().executions;
        let slots = self.joined.of(FeedId::Executions);
        let mut own: Vec<_> = slots.filter_map(|slot| executions.get(slot)).collect();
        own.sort_by_key(|held| std::cmp::Reverse(held.object.at));
        let items = own.into_iter().map(|held| {
            let it = &held.object;
            let shadow = if it.shadow { " (shadow: only pretended)" } else { "" };
            let says = format!("{} {} {}{shadow}", it.agent, it.tool, it.status);
            vec![plain(Tone::Plain, &says), self.when(it.at)]
        });
        self.section("executions", &[FeedId::Executions], bounded(items))
    }
}
