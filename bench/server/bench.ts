// Compares a protected route with the same route without protection, for each kind of store: in memory, Redis, PostgreSQL.
// Starts its own Redis and PostgreSQL servers, or uses the servers in REDIS_URL and DATABASE_URL.
// Run `npm run bench -- server`. Add `--requests 20000` for a longer run.
import { type ChildProcess, fork } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createVirtualApple } from 'app-attest/testing';
import autocannon from 'autocannon';
import { PostgresServer } from '../../test/servers/support/postgres-server.js';
import { RedisServer } from '../../test/servers/support/redis-server.js';
import { type PresignedRequest, presign, registerDevices } from './presigned.js';

const { values } = parseArgs({ options: { requests: { type: 'string', default: '10000' } } });
const requests = Number(values.requests);
const CONNECTIONS = 50;
const DEVICES = 2 * CONNECTIONS;
/** The load generator takes some more requests than it sends, to set up each connection. */
const SPARE = 4 * CONNECTIONS;
const APP_ID = 'TEAMID1234.com.example.coffee';

const apple = await createVirtualApple();

interface Measurement {
  perSecond: number;
  p50: number;
  p99: number;
}

async function measure(origin: string, path: string, presigned: readonly PresignedRequest[]): Promise<Measurement> {
  // A device's requests go over one connection, so that they never overtake each other.
  const queues = Array.from({ length: CONNECTIONS }, (_, connection) => {
    return presigned.filter((_request, index) => index % CONNECTIONS === connection).values();
  });
  const {
    requests: sent,
    latency,
    non2xx,
    errors,
    duration,
  } = await autocannon({
    url: origin,
    connections: CONNECTIONS,
    amount: presigned.length - SPARE,
    setupClient: (client) => {
      const queue = queues.pop();
      client.setRequests([
        { method: 'POST', path, setupRequest: (request) => ({ ...request, ...queue?.next().value }) },
      ]);
    },
  });
  if (non2xx + errors > 0)
    throw new Error(`${path}: ${non2xx} requests were rejected and ${errors} requests failed; expected 0`);
  return { perSecond: sent.total / duration, p50: latency.p50, p99: latency.p99 };
}

/** A message from service-process.ts. */
interface Message {
  origin?: string;
  place?: string;
  shares?: Record<string, number>;
  roundTrips?: Record<string, number>;
}

/** Waits for the next message with the property `name` from the service. */
function message(service: ChildProcess, name: string): Promise<Message> {
  return new Promise((resolve, reject) => {
    service.once('exit', (code) => reject(new Error(`the service exited with code ${code}`)));
    service.on('message', (received: Message) => {
      if (name in received) resolve(received);
    });
  });
}

async function benchmark(store: Record<string, string>) {
  const { REDIS_URL: _, DATABASE_URL: __, ...environment } = process.env;
  const service = fork(fileURLToPath(new URL('service-process.js', import.meta.url)), {
    env: { ...environment, ...store, APP_ID, TRUST_ANCHOR: apple.trustAnchors.join('') },
  });
  try {
    const { origin: address, place } = await message(service, 'origin');
    const origin = String(address);
    const devices = await registerDevices(origin, apple, APP_ID, DEVICES);
    const warmUp = await presign(origin, devices, 2000);
    const timed = await presign(origin, devices, requests + SPARE);
    await measure(origin, '/orders', warmUp);
    await measure(origin, '/unprotected', warmUp);
    const results = {
      unprotected: await measure(origin, '/unprotected', timed),
      protected: await measure(origin, '/orders', timed),
    };

    const profiled = await presign(origin, devices, Math.min(requests, 5000) + SPARE);
    const started = message(service, 'started');
    service.send('start');
    await started;
    await measure(origin, '/orders', profiled);
    const stopped = message(service, 'shares');
    service.send('stop');
    const { shares, roundTrips } = await stopped;
    return { place: String(place), ...results, shares: numbers(shares), roundTrips: numbers(roundTrips) };
  } finally {
    service.kill();
  }
}

function numbers(value: unknown): [string, number][] {
  return Object.entries(Object(value)).map(([name, number]): [string, number] => [name, Number(number)]);
}

interface DatabaseServer {
  url: string;
  stop(): Promise<void>;
}

/** Runs the benchmark with the server in the environment variable, or with a new server. Skipped if no server can start. */
async function benchmarkWith(variable: string, start: () => Promise<DatabaseServer>) {
  const named = process.env[variable];
  if (named) return [await benchmark({ [variable]: named })];
  let server: DatabaseServer;
  try {
    server = await start();
  } catch (error) {
    console.log(`Skipped, because ${variable} is not set and no server can be started: ${error}\n`);
    return [];
  }
  try {
    return [await benchmark({ [variable]: server.url })];
  } finally {
    await server.stop();
  }
}

const reports = [
  await benchmark({}),
  ...(await benchmarkWith('REDIS_URL', () => RedisServer.start())),
  ...(await benchmarkWith('DATABASE_URL', () => PostgresServer.start())),
];

const row = (...cells: readonly (string | number)[]): void => console.log(`| ${cells.join(' | ')} |`);
const row3 = ({ perSecond, p50, p99 }: Measurement) => [Math.round(perSecond), p50, p99];

const [processor] = cpus();
console.log(`${cpus().length} × ${processor?.model.trim()}, Node.js ${process.version}, ${requests} requests over`);
console.log(`${CONNECTIONS} connections, load generator and stores on the same machine\n`);
row('state in', 'route', 'requests/s', 'p50, ms', 'p99, ms');
row('---', '---', '---:', '---:', '---:');
for (const { place, unprotected, protected: guarded } of reports) {
  row(place, 'unprotected', ...row3(unprotected));
  row(place, 'protected', ...row3(guarded));
}

console.log(
  '\nTime of the main thread of the service for a protected request (from a separate run with a profiler):\n',
);
const owners = [...new Set(reports.flatMap(({ shares }) => shares.map(([owner]) => owner)))];
row('', ...reports.map(({ place }) => place));
row('---', ...reports.map(() => '---:'));
for (const owner of owners) {
  row(owner, ...reports.map(({ shares }) => `${Math.round(100 * (new Map(shares).get(owner) ?? 0))} %`));
}

console.log('\nTime of a call of a store under this load, including queueing, in ms:\n');
row('', 'take', 'find', 'advance');
row('---', '---:', '---:', '---:');
for (const { place, roundTrips } of reports) {
  const times = new Map(roundTrips);
  row(place, ...['take', 'find', 'advance'].map((name) => (times.get(name) ?? 0).toFixed(2)));
}
