/** The output of `app-attest receipts refresh --help`. */
export const HELP = `Usage: app-attest receipts refresh --app-id ID --credentials FILE [options]

Requests new receipts from Apple for the keys whose receipts are due. Stores the
new receipts with their risk metrics. Run this command from cron every few
minutes. Several runs at the same time share the work.

An environment variable contains the URL of the database of the keys:
  DATABASE_URL        PostgreSQL; needs the package pg
  REDIS_URL           Redis; needs the package redis or ioredis
If both are set, the command uses PostgreSQL.

Options:
  --app-id ID         the App ID, such as TEAMID1234.com.example.app; repeat
                      the option for several apps
  --credentials FILE  the credentials for Apple's server, see below
  --limit N           the maximum number of keys in this run; 1000 by default
  --concurrency N     the maximum number of requests to Apple at the same time;
                      5 by default
  --schema NAME       PostgreSQL: the schema of the tables; by default,
                      PostgreSQL uses the search_path
  --prefix TEXT       Redis: the prefix of all Redis keys; "app-attest:" by
                      default
  --help              shows this text

The file with the credentials contains a key of your developer account with
DeviceCheck enabled. The path of the .p8 file is relative to this file:
  { "teamId": "TEAMID1234", "keyId": "ABC123DEFG",
    "privateKeyFile": "AuthKey_ABC123DEFG.p8" }
"privateKey" with the text of the .p8 file can replace "privateKeyFile".

For tests with a virtual Apple only:
  --endpoint URL      replaces the URL of Apple's server
  --trust-anchor FILE replaces Apple's root certificate for receipts, PEM; needs
                      the environment variable APP_ATTEST_VIRTUAL=allow

On a terminal, the command shows its progress in one line. Elsewhere, it prints
a line of JSON for each key, and a last line with the counts.

Exit codes:
  0                   each due receipt was refreshed, or Apple has no newer
                      receipt yet
  1                   a receipt could not be refreshed, or the database failed
  2                   the options, the environment variables or the credentials
                      are wrong, or all due keys belong to other apps
  130, 143            SIGINT or SIGTERM ended the command, after Apple's
                      responses were stored
`;
