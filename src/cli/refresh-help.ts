/** The output of `app-attest receipts refresh --help`. */
export const HELP = `Usage: app-attest receipts refresh --app-id ID --credentials FILE [options]

Asks Apple for new receipts of the keys whose receipts are due, and stores them
with their risk metrics. Run it from cron every few minutes: several runs at the
same time share the work.

The keys are in the database that an environment variable names:
  DATABASE_URL        PostgreSQL; needs the package pg
  REDIS_URL           Redis; needs the package redis or ioredis
If both are set, the keys are in PostgreSQL.

Options:
  --app-id ID         the app, TEAMID1234.com.example.app; several times for
                      several apps
  --credentials FILE  the credentials for Apple's server, see below
  --limit N           the maximum number of keys in this run; 1000 by default
  --concurrency N     the maximum number of requests to Apple at the same time;
                      5 by default
  --schema NAME       PostgreSQL: the schema of the tables; that of the
                      search_path by default
  --prefix TEXT       Redis: the prefix of all keys; app-attest: by default
  --help              this text

The file with the credentials holds a key of your developer account with
DeviceCheck enabled. The path of the .p8 file is relative to this file:
  { "teamId": "TEAMID1234", "keyId": "ABC123DEFG",
    "privateKeyFile": "AuthKey_ABC123DEFG.p8" }
"privateKey" with the text of the .p8 file can replace "privateKeyFile".

For tests with a virtual Apple only:
  --endpoint URL      replaces the URL of Apple's server
  --trust-anchor FILE replaces Apple's root certificate for receipts, PEM

On a terminal, the command shows its progress in one line. Elsewhere, it prints
a line of JSON for each key, and one with the counts at the end.

Exit codes:
  0                   all went well
  1                   some keys failed, or the database did
  2                   the options or credentials are wrong
  130, 143            ended by SIGINT or SIGTERM, after the answers from Apple
                      were stored
`;
