-- Only the owner of the tables reads and writes them. No policy exists, so row level security hides all rows from other roles.
ALTER TABLE app_attest.app_attest_challenges ENABLE ROW LEVEL SECURITY;
ALTER TABLE app_attest.app_attest_keys ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON SCHEMA app_attest FROM PUBLIC, anon, authenticated;
REVOKE ALL ON ALL TABLES IN SCHEMA app_attest FROM PUBLIC, anon, authenticated;
