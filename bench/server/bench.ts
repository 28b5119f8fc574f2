// Compares a protected route of this package with the least code that a person could write by hand, for each kind of store.
// docs/scaling.md describes the method. Run it with `npm run bench -- server`. Options:
//
//   --seconds 20        the duration of a case for each service, without the warm-up
//   --rounds 5          the number of rounds that the duration is divided into
//   --warm-up 3         the duration of the warm-up, in seconds
//   --store Redis       only this kind of store; may be repeated
//   --delay 5           only this delay of each round trip to a database, in milliseconds; may be repeated
//   --connections 50    only this number of connections; may be repeated
//   --quick             one round of one second; the figures are not meaningful
//   --baseline DIR      also measures another build of this package, from the folder DIR, in the same rounds
//   --signed            also measures this package with signed challenges and a key cache
//   --statements        also measures other ways to send the statements to PostgreSQL
//   --profile           also profiles app-attest
//   --json FILE         writes the results to a file
//   --record FILE       measures nothing; writes the results in a file from --json into docs/ as tables
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { measureCase, type Plan } from './measure-case.js';
import { recordResults } from './record.js';
import { type Case, type CaseResult, resultsOf } from './results.js';
import { SignedRequests } from './signed-requests.js';
import { type Database, STORE_KINDS, type StoreKind, startDatabase } from './store-kinds.js';
import { scalingTables } from './tables.js';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '5' },
    'warm-up': { type: 'string', default: '3' },
    store: { type: 'string', multiple: true, default: [...STORE_KINDS] },
    delay: { type: 'string', multiple: true, default: ['0', '1', '5'] },
    connections: { type: 'string', multiple: true, default: ['1', '50'] },
    quick: { type: 'boolean', default: false },
    baseline: { type: 'string' },
    signed: { type: 'boolean', default: false },
    statements: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    json: { type: 'string' },
    record: { type: 'string' },
  },
});

if (options.record === undefined) await run();
else recordResults(JSON.parse(readFileSync(options.record, 'utf8')));

async function run(): Promise<void> {
  const unknown = options.store.filter((name) => !STORE_KINDS.some((kind) => kind === name));
  if (unknown.length > 0) throw new Error(`--store must be one of ${STORE_KINDS.join(', ')}, not ${unknown}`);
  const plan: Plan = {
    seconds: options.quick ? 1 : Number(options.seconds),
    rounds: options.quick ? 1 : Number(options.rounds),
    warmUp: options.quick ? 1 : Number(options['warm-up']),
    library: '.',
    baseline: options.baseline,
    signed: options.signed,
    statements: options.statements,
    profile: options.profile,
  };
  const requests = await SignedRequests.create();
  const cases: CaseResult[] = [];
  for (const store of STORE_KINDS.filter((kind) => options.store.includes(kind))) {
    const database = await startOrSkip(store);
    if (database === 'skipped') continue;
    try {
      for (const conditions of casesOf(store)) {
        console.error(describe(conditions));
        cases.push(await measureCase(conditions, requests, plan, database));
      }
    } finally {
      await database?.stop();
    }
  }
  const results = resultsOf(plan, cases);
  console.log(scalingTables(results));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
}

/** With the state in memory or in an SQLite file, there is no round trip that a delay could make longer. */
function casesOf(store: StoreKind): Case[] {
  const delays = options.delay
    .map(Number)
    .filter((delay) => delay === 0 || store === 'Redis' || store === 'PostgreSQL');
  return delays.flatMap((delay) => options.connections.map((count) => ({ store, delay, connections: Number(count) })));
}

function describe({ store, delay, connections }: Case): string {
  return `state in ${store}, ${delay} ms added to a round trip, connections: ${connections} …`;
}

async function startOrSkip(store: StoreKind): Promise<Database | undefined | 'skipped'> {
  try {
    return await startDatabase(store);
  } catch (error) {
    console.error(`Skipped ${store}, because its server cannot be started: ${error}`);
    return 'skipped';
  }
}
