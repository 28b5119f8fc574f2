// Sends many anonymous challenge requests to a service. Shows how much memory the service and its database need afterwards.
// Run it with `npm run bench -- flood`. Options:
//
//   --requests 1000000     the number of challenge requests
//   --connections 50       the number of connections
//   --store Redis          only this kind of store; may be repeated
//   --challenges signed    whether the service has signed challenges: `signed` or `stored`
//   --limit 1              fails if the memory or the database grows by more than this number of mebibytes, or if the request
//                          of a user is rejected after the flood
import { parseArgs } from 'node:util';
import { httpLoad } from './http-load.js';
import { RunningService } from './running-service.js';
import { APP_ID, rawPost, SignedRequests } from './signed-requests.js';
import { type Database, STORE_KINDS, type StoreKind, startDatabase } from './store-kinds.js';

const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: '1000000' },
    connections: { type: 'string', default: '50' },
    store: { type: 'string', multiple: true, default: [...STORE_KINDS] },
    challenges: { type: 'string', default: 'stored' },
    limit: { type: 'string' },
  },
});
const count = Number(options.requests);
const connections = Number(options.connections);
const challenges = options.challenges === 'signed' ? 'signed' : 'stored';
const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : Number(options.limit);
const MEBIBYTE = 2 ** 20;

const requests = await SignedRequests.create();
const rows: string[] = [];
for (const store of STORE_KINDS.filter((kind) => options.store.includes(kind))) {
  const database = await startDatabase(store);
  try {
    rows.push(...(await flood(store, database)));
  } finally {
    await database?.stop();
  }
}
console.log(`${count} requests for ${challenges} challenges over ${connections} connections\n`);
console.log('| state in | requests/s | service, MiB | database, MiB | request of a user |');
console.log('| --- | ---: | ---: | ---: | --- |');
for (const row of rows) console.log(row);

async function flood(store: StoreKind, database: Database | undefined): Promise<string[]> {
  const service = await RunningService.start({
    library: '.',
    store,
    url: database?.urlAt(database.port) ?? '',
    namespace: 'bench',
    appId: APP_ID,
    trustAnchor: requests.trustAnchor,
    signedChallenges: challenges === 'signed',
    maxChallenges: undefined,
    keyCache: false,
    oneStatement: false,
  });
  try {
    await service.call('addKeys', requests.keys);
    // The first requests compile code and open connections. The memory for this is not part of the growth.
    await send(service, 2000);
    const before = await sizes(service, database);
    const signed = await requests.signed(0, await challengeFrom(service));
    const perSecond = await send(service, count);
    const after = await sizes(service, database);
    const user = await httpLoad(service.port, [[signed].values()]);
    if (user.refused > 0 && limit < Number.POSITIVE_INFINITY)
      throw new Error(`${store}: the request of a user was rejected: ${user.refusal}`);
    const grown = [after.service - before.service, after.database - before.database];
    if (grown.some((size) => size > limit))
      throw new Error(`${store}: ${grown.map((size) => size.toFixed(1)).join(' and ')} MiB more, expected ${limit}`);
    const cells = [before.service, before.database].map(
      (size, index) => `${size.toFixed(1)} + ${grown[index]?.toFixed(1)}`,
    );
    const outcome = user.refused === 0 ? 'accepted' : `rejected: ${user.refusal?.split('\r\n\r\n')[1]}`;
    return [`| ${[store, Math.round(perSecond), ...cells, outcome].join(' | ')} |`];
  } finally {
    await service.stop();
  }
}

/** Sends `total` challenge requests. Returns the number of requests per second. */
async function send(service: RunningService, total: number): Promise<number> {
  const request = rawPost('/app-attest/challenge', '{"purpose":"assertion"}');
  let sent = 0;
  function* queue() {
    for (; sent < total; sent += 1) yield request;
  }
  const load = await httpLoad(service.port, Array.from({ length: connections }, queue));
  if (load.refused > 0) throw new Error(`${load.refused} requests were rejected: ${load.refusal}`);
  return load.completed / load.seconds;
}

async function challengeFrom(service: RunningService): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${service.port}/app-attest/challenge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"purpose":"assertion"}',
  });
  return String(Object(await response.json()).challenge);
}

/** Returns the sizes of the heap of the service and of the database, in mebibytes. */
async function sizes(service: RunningService, database: Database | undefined) {
  return {
    service: (await service.call('collectGarbage')) / MEBIBYTE,
    database: ((await database?.size()) ?? 0) / MEBIBYTE,
  };
}
