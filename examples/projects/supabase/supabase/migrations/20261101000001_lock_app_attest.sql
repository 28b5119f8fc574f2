-- Locks the tables of app-attest, so that the roles of Supabase's API cannot use them. Run this statement after each migration,
-- with the role that owns the tables (postgres). PostgreSQL makes either all of these changes or none.
DO $$
BEGIN
  -- The role of your servers. It can connect when it has a password: ALTER ROLE app_attest_server PASSWORD '…'
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app_attest_server') THEN
    CREATE ROLE app_attest_server LOGIN;
  END IF;

  -- A role without USAGE on the schema can use no table and no function in the schema.
  REVOKE ALL ON SCHEMA app_attest FROM PUBLIC, anon, authenticated, service_role;
  REVOKE ALL ON ALL TABLES IN SCHEMA app_attest FROM PUBLIC, anon, authenticated, service_role;
  REVOKE ALL ON ALL ROUTINES IN SCHEMA app_attest FROM PUBLIC, anon, authenticated, service_role;
  -- Without this line, the roles could get privileges on the tables of later migrations.
  ALTER DEFAULT PRIVILEGES IN SCHEMA app_attest REVOKE ALL ON TABLES FROM anon, authenticated, service_role;

  -- Row level security hides all rows from a role without a policy, even if the role gets privileges on the tables again.
  -- The role service_role is an exception, because it bypasses row level security.
  ALTER TABLE app_attest.app_attest_challenges ENABLE ROW LEVEL SECURITY;
  ALTER TABLE app_attest.app_attest_keys ENABLE ROW LEVEL SECURITY;
  ALTER TABLE app_attest.app_attest_migrations ENABLE ROW LEVEL SECURITY;

  -- The role of your servers needs privileges and policies.
  GRANT USAGE ON SCHEMA app_attest TO app_attest_server;
  GRANT SELECT, INSERT, UPDATE, DELETE ON app_attest.app_attest_challenges, app_attest.app_attest_keys TO app_attest_server;
  GRANT SELECT ON app_attest.app_attest_migrations TO app_attest_server;
  DROP POLICY IF EXISTS app_attest_server ON app_attest.app_attest_challenges;
  DROP POLICY IF EXISTS app_attest_server ON app_attest.app_attest_keys;
  DROP POLICY IF EXISTS app_attest_server ON app_attest.app_attest_migrations;
  CREATE POLICY app_attest_server ON app_attest.app_attest_challenges TO app_attest_server USING (true);
  CREATE POLICY app_attest_server ON app_attest.app_attest_keys TO app_attest_server USING (true);
  CREATE POLICY app_attest_server ON app_attest.app_attest_migrations TO app_attest_server USING (true);

  -- REVOKE does not remove privileges that another role granted. If such privileges exist, nothing is changed.
  IF EXISTS (
    SELECT FROM unnest(ARRAY['anon', 'authenticated', 'service_role']) AS role
    WHERE has_schema_privilege(role, 'app_attest', 'USAGE, CREATE')
  ) THEN
    RAISE EXCEPTION 'a role of the API has privileges on the schema app_attest that another role granted';
  END IF;
END
$$;
