//! The databases of pg01 as the platform has them: templates, tenants cloned from them, the platform's own, and the three
//! mistakes that an operator must see: one of nobody, one that is missing, one that was left by a restore.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use sqlx::{AssertSqlSafe, Connection as _};

use super::kinds::{client_name, client_tier, client_version};
use super::{PlatformError, Postgres, Role};

/// The client, by its index, whose database was never made: its `PLANAClient` says so too.
pub const WITHOUT_DATABASE: usize = 11;
/// A database that looks like a tenant's, and no tenant has it.
pub const ORPHAN: &str = "perelik.planapulse.app";
/// The platform's own databases and their owners.
pub const PLATFORM_DATABASES: [(&str, &str); 8] = [
    ("plana_pulse_account", "plana"),
    ("pulse_account", "plana"),
    ("pulse_banking", "plana"),
    ("authentik", "authentik"),
    ("forgejo", "forgejo"),
    ("nextcloud", "nextcloud"),
    ("vaultwarden", "vaultwarden"),
    ("openphysica_website", "openphysica"),
];

/// Tenants beyond this have no database: each takes 8 MB, and more are for measuring lists.
const WITH_DATABASES: usize = 120;
/// Of each forty clients, those whose index is below this have their test environment's database too.
const WITH_TESTS: usize = 10;
const PARALLEL: usize = 4;
/// Journal entries of the tenants, so that no two neighbours are of one size; 1 000 take about 0.2 MB.
const ROWS: [u32; 10] = [400, 1_000, 2_000, 5_000, 9_000, 15_000, 600, 30_000, 3_000, 60_000];

/// A few of Odoo's tables.
pub(super) const SCHEMA: &str = "
CREATE TABLE res_users (
    id serial PRIMARY KEY, login text NOT NULL, active boolean NOT NULL DEFAULT true, share boolean NOT NULL DEFAULT false,
    write_date timestamptz NOT NULL DEFAULT now());
CREATE TABLE ir_module_module (
    id serial PRIMARY KEY, name text NOT NULL UNIQUE, state text NOT NULL DEFAULT 'uninstalled', latest_version text,
    write_date timestamptz NOT NULL DEFAULT now());
CREATE TABLE sale_order (
    id serial PRIMARY KEY, name text NOT NULL UNIQUE, partner_id integer NOT NULL, amount_total numeric(16,2) NOT NULL,
    state text NOT NULL DEFAULT 'sale', write_date timestamptz NOT NULL DEFAULT now());
CREATE TABLE res_partner (id serial PRIMARY KEY, name text NOT NULL, vat text, write_date timestamptz DEFAULT now());
CREATE TABLE account_move (
    id serial PRIMARY KEY, name text NOT NULL, partner_id integer, amount numeric(16,2) NOT NULL,
    state text NOT NULL DEFAULT 'posted', narration text, date date NOT NULL DEFAULT current_date);
CREATE INDEX account_move_partner ON account_move (partner_id);
CREATE TABLE ir_config_parameter (id serial PRIMARY KEY, key text NOT NULL UNIQUE, value text NOT NULL);
CREATE TABLE ir_cron (id serial PRIMARY KEY, cron_name text NOT NULL, nextcall timestamptz NOT NULL DEFAULT now());
INSERT INTO res_users (login) SELECT 'user' || n || '@example.bg' FROM generate_series(1, 12) n;
INSERT INTO ir_module_module (name, state, latest_version)
    SELECT unnest(ARRAY['base', 'web', 'mail', 'contacts', 'sale', 'account', 'stock', 'l10n_bg']), 'installed', '18.0.1.0';
INSERT INTO ir_module_module (name) SELECT 'module_' || n FROM generate_series(1, 30) n;
INSERT INTO sale_order (name, partner_id, amount_total)
    SELECT 'S' || lpad(n::text, 5, '0'), 1 + n % 300, n * 12.5 FROM generate_series(1, 60) n;
INSERT INTO res_partner (name, vat) SELECT 'Partner ' || n, 'BG' || 100000000 + n FROM generate_series(1, 300) n;
INSERT INTO ir_config_parameter (key, value) VALUES ('database.uuid', md5(current_database()));
INSERT INTO ir_cron (cron_name) SELECT 'job ' || n FROM generate_series(1, 20) n;";

/// The database of the client with this index.
pub fn database_name(index: usize) -> String {
    format!("{}.planapulse.app", client_name(index))
}

impl Postgres {
    /// Makes the databases for clients `0..tenants` in an empty server.
    pub async fn fill(&self, tenants: usize) -> Result<(), PlatformError> {
        let templates = ["basic", "pro"].into_iter().flat_map(|edition| {
            ["17", "18", "19"].map(|version| format!("{edition}-template-{version}.planapulse.app"))
        });
        stream::iter(templates.map(Ok))
            .try_for_each_concurrent(PARALLEL, async |name| self.template(&name).await)
            .await?;
        for (name, owner) in PLATFORM_DATABASES {
            self.platform_database(name, owner).await?;
        }
        stream::iter(planned(tenants).into_iter().map(Ok))
            .try_for_each_concurrent(PARALLEL, async |planned| self.clone_of(&planned).await)
            .await
    }

    async fn template(&self, name: &str) -> Result<(), PlatformError> {
        self.run("postgres", &[format!("CREATE DATABASE \"{name}\" OWNER plana")]).await?;
        let mut connection = self.connection(Role::Owner, name).await?;
        sqlx::raw_sql(SCHEMA).execute(&mut connection).await?;
        connection.close().await?;
        self.run(
            "postgres",
            &[
                format!("REVOKE CONNECT ON DATABASE \"{name}\" FROM PUBLIC"),
                format!("ALTER DATABASE \"{name}\" IS_TEMPLATE true"),
            ],
        )
        .await
    }

    async fn platform_database(&self, name: &str, owner: &str) -> Result<(), PlatformError> {
        let mut statements = Vec::new();
        if owner != Role::Owner.name() {
            statements.push(format!("CREATE ROLE {owner}"));
        }
        statements.push(format!("CREATE DATABASE {name} OWNER {owner}"));
        statements.extend(rights(name));
        self.run("postgres", &statements).await
    }

    async fn clone_of(&self, planned: &Planned) -> Result<(), PlatformError> {
        let Planned { name, template, rows } = planned;
        let mut statements = vec![format!(
            "CREATE DATABASE \"{name}\" TEMPLATE \"{template}\" OWNER plana STRATEGY FILE_COPY"
        )];
        statements.extend(rights(name));
        self.run("postgres", &statements).await?;
        let insert = format!(
            "UPDATE ir_config_parameter SET value = md5(current_database()) WHERE key = 'database.uuid';
             INSERT INTO account_move (name, partner_id, amount, narration)
             SELECT 'INV/' || n, n % 300, n * 1.2, repeat('x', 100) FROM generate_series(1, {rows}) n"
        );
        let mut connection = self.connection(Role::Owner, name).await?;
        sqlx::raw_sql(AssertSqlSafe(insert)).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }
}

/// A database that is to be cloned.
struct Planned {
    name: String,
    template: String,
    rows: u32,
}

fn planned(tenants: usize) -> Vec<Planned> {
    let mut all = vec![Planned {
        name: ORPHAN.into(),
        template: "basic-template-17.planapulse.app".into(),
        rows: 7_000,
    }];
    for index in 0..tenants.min(WITH_DATABASES) {
        let tier = client_tier(index);
        let edition = if tier == "starter" { "basic" } else { "pro" };
        let template = format!("{edition}-template-{}.planapulse.app", client_version(index));
        let rows = ROWS.get(index % ROWS.len()).copied().unwrap_or(100);
        let planned = |name: String, rows| Planned { name, template: template.clone(), rows };
        let slug = client_name(index);
        if index != WITHOUT_DATABASE {
            all.push(planned(database_name(index), rows));
        }
        if tier != "starter" && index % 40 < WITH_TESTS {
            all.push(planned(format!("{slug}-test.planapulse.dev"), rows / 4));
        }
        // The same ones whose restore has succeeded on the API server.
        if index % 13 == 4 {
            all.push(planned(format!("{slug}-restored.planapulse.dev"), rows));
        }
    }
    all
}

/// Only its owner and the console may connect.
pub(super) fn rights(database: &str) -> [String; 2] {
    [
        format!("REVOKE CONNECT ON DATABASE \"{database}\" FROM PUBLIC"),
        format!("GRANT CONNECT ON DATABASE \"{database}\" TO {}", Role::Console),
    ]
}
