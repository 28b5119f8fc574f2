// Compares PostgreSQL with few and with many keys: measures the rate of protected requests for both, and the size of the table with
// many keys before and after a million calls of `advance`. docs/scaling.md describes the method. Run it with
// `npm run bench -- million`, which takes about a quarter of an hour and 8 GB of disk. Options:
//
//   --keys 1000000        the number of keys
//   --advances 1000000    the number of calls of `advance`
//   --seconds 20          how long each service runs, without the warm-up
//   --rounds 5            the number of rounds; together, they take the duration above
//   --connections 50      measures requests over this number of connections; may be repeated
//   --writers 50          the number of connections that call `advance`
//   --record              writes the tables into docs/scaling.md
import { parseArgs } from 'node:util';
import { postgresStores } from 'app-attest/postgres';
import pg from 'pg';
import { Fleet } from './fleet.js';
import { measureCase } from './measure-case.js';
import { type Advances, millionTables } from './million-tables.js';
import { openPool } from './open-client.js';
import { recordInPage } from './record.js';
import { type CaseResult, resultsOf } from './results.js';
import { SignedRequests } from './signed-requests.js';
import { startDatabase } from './store-kinds.js';
import { type TableActivity, tableActivity, tableSizes } from './table-statistics.js';

const { values: options } = parseArgs({
  options: {
    keys: { type: 'string', default: '1000000' },
    advances: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '5' },
    connections: { type: 'string', multiple: true, default: ['1', '50'] },
    writers: { type: 'string', default: '50' },
    record: { type: 'boolean', default: false },
  },
});

/** The number of keys in the smaller table. */
const FEW = 1000;
const WARM_UP = 3;

const database = await startDatabase('PostgreSQL');
if (!database) throw new Error('PostgreSQL has a server');
const url = database.urlAt();
/** This pool has no time limit, because statements about a million keys take long. */
const pool = new pg.Pool({ connectionString: url });
try {
  await run(database);
} finally {
  await pool.end();
  await database.stop();
}

async function run(postgres: NonNullable<typeof database>): Promise<void> {
  const requests = await SignedRequests.create();
  const start = performance.now();
  const few = await Fleet.create(pool, 'few', FEW, requests.keys);
  const many = await Fleet.create(pool, 'many', Number(options.keys), requests.keys);
  console.error(`${many.size} keys were stored in ${Math.round((performance.now() - start) / 1000)} s`);

  const plan = {
    seconds: Number(options.seconds),
    rounds: Number(options.rounds),
    warmUp: WARM_UP,
    library: '.',
    baseline: undefined,
    signed: false,
    statements: false,
    profile: false,
  };
  const cases: CaseResult[] = [];
  for (const connections of options.connections.map(Number)) {
    console.error(`requests over connections: ${connections} …`);
    const candidates = [few, many].map((fleet) => ({
      name: `app-attest, ${fleet.size} keys` as const,
      library: '.',
      isSigned: false,
      isPrepared: true,
      oneStatement: false,
      fleet,
    }));
    cases.push(await measureCase({ store: 'PostgreSQL', delay: 0, connections }, requests, plan, postgres, candidates));
  }
  const results = resultsOf(plan, cases);
  const tables = millionTables(results, [few.size, many.size], await advance(many, Number(options.advances)));
  console.log(tables);
  if (options.record) recordInPage('docs/scaling.md', 'million keys', tables);
}

/** Measures calls of `advance` for random keys. */
async function advance(fleet: Fleet, count: number): Promise<Advances> {
  const table = `${fleet.namespace}.app_attest_keys`;
  const sizes = () => tableSizes(pool, table);
  await pool.query(`VACUUM (ANALYZE) ${table}`);
  await pool.query('CHECKPOINT');
  const [before, activityBefore] = [await sizes(), await tableActivity(pool, table)];
  console.error(`calls of advance: ${count} …`);
  const start = performance.now();
  await callAdvance(fleet, count);
  const seconds = (performance.now() - start) / 1000;
  const [after, activityAfter] = [await sizes(), await tableActivity(pool, table)];
  const vacuumStart = performance.now();
  await pool.query(`VACUUM ${table}`);
  const vacuumSeconds = (performance.now() - vacuumStart) / 1000;
  const vacuumed = await sizes();
  return {
    count,
    seconds,
    vacuumSeconds,
    before,
    after,
    vacuumed,
    activity: difference(activityBefore, activityAfter),
  };
}

/**
 * Calls `advance` for random keys. Each writer has its own keys, so the counters of a key arrive in order. The counters are
 * higher than the counters of the requests before. Throws an error if a call is rejected.
 */
async function callAdvance(fleet: Fleet, count: number): Promise<void> {
  const writers = Number(options.writers);
  const connections = openPool(url, writers);
  const { keys } = postgresStores(connections, { schema: fleet.namespace, timeout: 30 });
  let calls = 0;
  const write = async (_: unknown, writer: number): Promise<void> => {
    while (calls < count) {
      calls += 1;
      const counter = 1_000_000_000 + calls;
      const number = writer + writers * Math.floor((Math.random() * (fleet.size - writer)) / writers);
      if (!(await keys.advance(fleet.keyId(number), counter, 0, { usedAt: new Date(), extensions: undefined })))
        throw new Error(`key ${number}: counter ${counter} was rejected`);
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
  // PostgreSQL adds the updates of a connection to its statistics when the connection closes.
  await connections.end();
}

function difference(before: TableActivity, after: TableActivity): TableActivity {
  return {
    updates: after.updates - before.updates,
    heapOnly: after.heapOnly - before.heapOnly,
    deadRows: after.deadRows,
    autovacuums: after.autovacuums - before.autovacuums,
    logBytes: after.logBytes - before.logBytes,
    fullPages: after.fullPages - before.fullPages,
  };
}
