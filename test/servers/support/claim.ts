import { openPostgres } from '../../../examples/postgres.js';

/** The options of the process. Dates are in milliseconds since 1970. */
export interface Claim {
  url: string;
  date: number;
  limit: number;
  claimedUntil: number;
}

// This process claims due receipts, prints the identifiers of their keys, and waits until the test kills the process. It never
// stores a receipt.
const { url, date, limit, claimedUntil }: Claim = JSON.parse(process.argv[2] ?? '');
const { stores } = openPostgres(url, 30);
console.log(JSON.stringify(await stores.keys.due(new Date(date), limit, new Date(claimedUntil))));
setInterval(() => undefined, 60_000);
