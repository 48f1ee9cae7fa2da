-- The roles of pulse-console on pg01. Run it as a superuser in the database `postgres`, again whenever you like:
--
--     psql --dbname=postgres --file=console.sql
--
-- It gives nobody a password. Do that afterwards, so that none is in a file or a log: \password pulse_console

-- Looks. Every pane works with it alone; it sees no row of any tenant.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pulse_console') THEN
        CREATE ROLE pulse_console;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'pulse_console_operations') THEN
        CREATE ROLE pulse_console_operations;
    END IF;
END
$$;
ALTER ROLE pulse_console
    LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
GRANT pg_monitor TO pulse_console;

-- Operates. The server lets only a database's owner, who may create databases too, rename it; only its owner close or drop
-- it. So the role is a member of `plana`, the owner of the tenants' databases, and of nobody else: what Authentik and the
-- other services own it can neither rename nor drop. It ends sessions, but none of a superuser.
ALTER ROLE pulse_console_operations
    LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
GRANT pg_monitor, pg_signal_backend, plana TO pulse_console_operations;
