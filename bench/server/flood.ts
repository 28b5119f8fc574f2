// Sends anonymous challenge requests to a service. Shows how much the memory of the service and its database grow, and whether
// the service still accepts the requests of its users. docs/scaling.md describes the method. Run it with
// `npm run bench -- flood`, which takes about a quarter of an hour. Options:
//
//   --requests 1000000          the number of requests for signed challenges; 0 for none
//   --stored-requests 100000    the number of requests for stored challenges; 0 for none
//   --connections 50            the number of connections
//   --store Redis               measures only this kind of store; may be repeated
//   --limit 1                   applies to signed challenges: fails if the service or the database grows by more than this
//                               number of mebibytes, or if the request of a user is rejected
//   --record                    writes the table into docs/scaling.md
import { parseArgs } from 'node:util';
import { type Flood, floodTable, growthOf } from './flood-table.js';
import { measureFlood } from './measure-flood.js';
import { recordInPage } from './record.js';
import { PROCESSORS } from './results.js';
import { SignedRequests } from './signed-requests.js';
import { STORE_KINDS, startDatabase } from './store-kinds.js';

const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    'stored-requests': { type: 'string', default: '100000' },
    connections: { type: 'string', default: '50' },
    store: { type: 'string', multiple: true, default: [...STORE_KINDS] },
    limit: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
});
const connections = Number(options.connections);
const limit = options.limit === undefined ? undefined : Number(options.limit);

const users = await SignedRequests.create();
const floods: Flood[] = [];
for (const store of STORE_KINDS.filter((kind) => options.store.includes(kind))) {
  const counts = { signed: Number(options.requests), stored: Number(options['stored-requests']) };
  for (const challenges of ['signed', 'stored'] as const) {
    if (counts[challenges] === 0) continue;
    console.error(`state in ${store}, requests for ${challenges} challenges: ${counts[challenges]} …`);
    const database = await startDatabase(store);
    try {
      const conditions = { store, challenges, requests: counts[challenges], connections };
      const result = await measureFlood(conditions, users, database);
      if (challenges === 'signed' && limit !== undefined) assertUnharmed(result, limit);
      floods.push(result);
    } finally {
      await database?.stop();
    }
  }
}
const machine = `${PROCESSORS}, Node.js ${process.version}`;
const date = new Date().toISOString().slice(0, 10);
const tables = `${machine}; connections: ${connections}; ${date}\n\n${floodTable(floods)}`;
console.log(tables);
if (options.record) recordInPage('docs/scaling.md', 'flood', tables);

function assertUnharmed(result: Flood, most: number): void {
  const { store, accepted, users } = result;
  if (accepted < users) throw new Error(`${store}: ${accepted} of ${users} users were accepted`);
  const growth = growthOf(result);
  if (growth > most) throw new Error(`${store}: grew by ${growth.toFixed(1)} MiB, expected at most ${most} MiB`);
}
