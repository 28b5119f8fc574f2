import { setTimeout } from 'node:timers/promises';
import type { Flood, FloodConditions } from './flood-table.js';
import { httpLoad } from './http-load.js';
import { RunningService } from './running-service.js';
import { APP_ID, rawPost, type SignedRequests } from './signed-requests.js';
import type { Database } from './store-kinds.js';

/**
 * The number of users who receive a challenge before the flood and use it afterwards. The same number of other users receive and
 * use a challenge during the flood.
 */
const USERS = 50;

const CHALLENGE_BODY = '{"purpose":"assertion"}';
const CHALLENGE_REQUEST = rawPost('/app-attest/challenge', CHALLENGE_BODY);

/** Floods a service with challenge requests, while its users send requests too. */
export async function measureFlood(
  conditions: FloodConditions,
  users: SignedRequests,
  database: Database | undefined,
): Promise<Flood> {
  const { store, challenges } = conditions;
  const service = await RunningService.start({
    library: '.',
    store,
    url: database?.urlAt() ?? '',
    namespace: 'bench',
    appId: APP_ID,
    trustAnchor: users.trustAnchor,
    signedChallenges: challenges === 'signed',
    maxChallenges: undefined,
    keyCache: false,
    prepared: false,
    oneStatement: false,
  });
  try {
    await service.call('addKeys', users.keys);
    // The first requests make Node.js compile code and open connections. This takes memory once.
    await new Sending(2000, conditions.connections).to(service);
    for (let user = 0; user < 2 * USERS; user += 1) await accepts(service, await signedNow(service, users, user));

    const before = await sizes(service, database);
    const early: Buffer[] = [];
    for (let user = 0; user < USERS; user += 1) early.push(await signedNow(service, users, user));
    const sending = new Sending(conditions.requests, conditions.connections);
    const [requestsPerSecond, during] = await Promise.all([sending.to(service), usersDuring(service, users, sending)]);
    let accepted = during;
    for (const request of early) accepted += Number(await accepts(service, request));
    const after = await sizes(service, database);

    return {
      ...conditions,
      requestsPerSecond,
      service: [before.service, after.service],
      database: [before.database, after.database],
      accepted,
      users: 2 * USERS,
    };
  } finally {
    await service.stop();
  }
}

/** Sends challenge requests over all connections. */
class Sending {
  readonly #total: number;
  readonly #connections: number;
  #sent = 0;

  constructor(total: number, connections: number) {
    this.#total = total;
    this.#connections = connections;
  }

  /** The part of the requests that has been sent, from 0 to 1. */
  get progress(): number {
    return this.#sent / this.#total;
  }

  /** Sends the requests to a service. Returns the number of requests per second. */
  async to(service: RunningService): Promise<number> {
    const load = await httpLoad(
      service.port,
      Array.from({ length: this.#connections }, () => this.#requests()),
    );
    if (load.refused > 0) throw new Error(`${load.refused} requests were rejected: ${load.refusal}`);
    return load.completed / load.seconds;
  }

  *#requests(): Generator<Buffer, void> {
    while (this.#sent < this.#total) {
      this.#sent += 1;
      yield CHALLENGE_REQUEST;
    }
  }
}

/** During the whole flood, one user after another requests a challenge and uses it. Returns the number of accepted requests. */
async function usersDuring(service: RunningService, users: SignedRequests, sending: Sending): Promise<number> {
  let accepted = 0;
  for (let user = USERS; user < 2 * USERS; user += 1) {
    while (sending.progress < (user - USERS) / USERS) await setTimeout(5);
    accepted += Number(await accepts(service, await signedNow(service, users, user)));
  }
  return accepted;
}

async function signedNow(service: RunningService, users: SignedRequests, user: number): Promise<Buffer> {
  const response = await fetch(`http://127.0.0.1:${service.port}/app-attest/challenge`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: CHALLENGE_BODY,
  });
  return users.signed(user, String(Object(await response.json()).challenge));
}

async function accepts(service: RunningService, request: Buffer): Promise<boolean> {
  return (await httpLoad(service.port, [[request].values()])).refused === 0;
}

async function sizes(service: RunningService, database: Database | undefined) {
  return { service: await service.call('collectGarbage'), database: (await database?.size()) ?? 0 };
}
