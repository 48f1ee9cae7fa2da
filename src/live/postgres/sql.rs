//! All that is ever asked of a PostgreSQL server. Nothing here writes, locks or sets anything.
//!
//! Times are milliseconds since the epoch by the server's clock. Texts are cut on the server, so that a statement of a
//! megabyte costs neither the server nor the link.

/// What the role may see, and what does not change while the server runs.
pub(super) const ABOUT: &str = "\
SELECT current_setting('server_version')::text AS version,
       current_setting('max_connections')::int4 AS connections_max,
       current_setting('superuser_reserved_connections')::int4 AS reserved,
       (extract(epoch FROM pg_postmaster_start_time()) * 1000)::int8 AS started,
       pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all,
       has_function_privilege('pg_ls_waldir()', 'EXECUTE') AS sees_wal";

/// The databases, with their statistics. No size: that is dear, and asked for one at a time.
pub(super) const DATABASES: &str = "\
SELECT d.oid AS id, d.datname::text AS name, pg_get_userbyid(d.datdba)::text AS owner,
       d.datallowconn AS open, age(d.datfrozenxid)::int8 AS frozen_age,
       has_database_privilege(d.oid, 'CONNECT') AS may_connect,
       s.xact_commit AS commits, s.xact_rollback AS rollbacks,
       s.blks_hit AS hits, s.blks_read AS reads,
       s.deadlocks AS deadlocks, s.temp_files AS temp_files, s.temp_bytes AS temp_bytes
FROM pg_database d LEFT JOIN pg_stat_database s ON s.datid = d.oid
LIMIT 20000";

/// The sessions of clients, and of automatic vacuum, which may hold others up; not the one that asks.
pub(super) const SESSIONS: &str = "\
SELECT pid, datname::text AS database, usename::text AS role,
       left(application_name, 256) AS application, host(client_addr) AS client,
       state, wait_event_type AS wait_type, wait_event, backend_type,
       (extract(epoch FROM backend_start) * 1000)::int8 AS connected,
       (extract(epoch FROM xact_start) * 1000)::int8 AS transaction,
       (extract(epoch FROM query_start) * 1000)::int8 AS statement_at,
       (extract(epoch FROM state_change) * 1000)::int8 AS since,
       left(query, 4000) AS statement
FROM pg_stat_activity
WHERE pid <> pg_backend_pid()
  AND (backend_type IN ('client backend', 'autovacuum worker') OR (backend_type IS NULL AND datname IS NOT NULL))
LIMIT 5000";

/// Who holds up each of the sessions `$1`. It takes the server's list of locks for a moment, so only those that wait for
/// a lock are asked about.
pub(super) const BLOCKERS: &str = "\
SELECT pid, pg_blocking_pids(pid) AS holders FROM unnest($1::int4[]) AS pid";

/// Where the log is by now, and whether the server follows another one.
pub(super) const SERVER: &str = "\
SELECT pg_is_in_recovery() AS standby,
       (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END
        - '0/0'::pg_lsn)::int8 AS wal_at";

/// The servers that follow this one.
pub(super) const REPLICAS: &str = "\
SELECT application_name AS name, state,
       (CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_current_wal_lsn() - replay_lsn END)::int8 AS behind
FROM pg_stat_replication LIMIT 100";

/// The bytes of the log that are kept.
pub(super) const WAL_KEPT: &str = "SELECT sum(size)::int8 AS bytes FROM pg_ls_waldir()";

/// The size of the database `$1`: the server looks at each of its files.
pub(super) const SIZE: &str = "SELECT pg_database_size($1::oid) AS bytes";

/// When a table of the database that is connected to was last vacuumed.
pub(super) const VACUUMED: &str = "\
SELECT (extract(epoch FROM max(greatest(last_vacuum, last_autovacuum))) * 1000)::int8 AS at
FROM pg_stat_user_tables";
