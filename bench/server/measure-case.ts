import { setTimeout } from 'node:timers/promises';
import type { Fleet } from './fleet.js';
import { httpLoad, type Load, quantileOf } from './http-load.js';
import type { Case, CaseResult, Round, ServiceName, ServiceResult } from './results.js';
import { startProxy } from './running-proxy.js';
import { RunningService } from './running-service.js';
import { APP_ID, BODY, queuesOf, rawPost, type SignedRequests } from './signed-requests.js';
import type { Database } from './store-kinds.js';

/** How to measure a case. */
export interface Plan {
  /** The duration of all rounds of a service, in seconds. */
  readonly seconds: number;
  readonly rounds: number;
  /** Seconds. */
  readonly warmUp: number;
  /** The root folder of a build of this package. */
  readonly library: string;
  /** The root folder of another build, which is measured too. */
  readonly baseline: string | undefined;
  /** Whether to measure `library` a second time, with signed challenges and a key cache. */
  readonly signed: boolean;
  /** Whether to measure other ways to send the statements to PostgreSQL. */
  readonly statements: boolean;
  /** Whether to profile app-attest after the rounds. */
  readonly profile: boolean;
}

/** To find out the rate of a service, this number of requests is prepared and sent for half a second. */
const PROBE = { requests: 4000, seconds: 0.5 };

/** If the prepared requests are used up before the end of a round, the round is repeated. This is the maximum number of tries. */
const ATTEMPTS = 4;

/** The limit of the stores in memory. It is high, so that the stores delete no prepared challenge before its request is sent. */
const MAX_CHALLENGES = 1_000_000;

/** The number of connections of the warm-up. */
const FULL_LOAD = 50;

/** The number of prepared requests, divided by the number that the highest rate so far needs. */
const MARGIN = 2;

/**
 * After a full garbage collection, Node.js has to rebuild hidden classes and some compiled code. So each round sends requests for
 * this time, in seconds, before the measurement starts.
 */
const SETTLING = 1;

const UNPROTECTED = rawPost('/unprotected', BODY);

/** A service to measure. */
export interface Candidate {
  readonly name: ServiceName;
  readonly library: string | undefined;
  /** Whether the service has signed challenges and a key cache. */
  readonly isSigned: boolean;
  /** Whether the service uses named prepared statements. */
  readonly isPrepared: boolean;
  /** Whether the service by hand takes the challenge and stores the counter in one statement. */
  readonly oneStatement: boolean;
  /** The stored keys that the requests name. By default, the keys of the 100 devices in a new namespace. */
  readonly fleet?: Fleet;
}

/** A running candidate. */
interface Runner extends Candidate {
  readonly service: RunningService;
  readonly rounds: Round[];
  /** The number of signed requests that were prepared for this service. */
  position: number;
  highestRate: number;
  /** The CPU time of the idle service per second, in microseconds. */
  idle: number;
  profile?: Record<string, number>;
}

let namespaces = 0;

/**
 * Measures services under the conditions of a case. In each round, the services are measured one after another, in every second round in reverse
 * order. So other work on the machine affects all services equally.
 */
export async function measureCase(
  conditions: Case,
  requests: SignedRequests,
  plan: Plan,
  database: Database | undefined,
  candidates: readonly Candidate[] = candidatesOf(conditions, plan),
): Promise<CaseResult> {
  const { store, delay, connections } = conditions;
  const proxy = database?.port && delay > 0 ? await startProxy(database.port) : undefined;
  const url = database?.urlAt(proxy?.port) ?? '';
  const runners: Runner[] = [];
  // A fleet keeps the challenges and the counters of earlier cases, so it receives only new requests.
  const { signedSoFar } = requests;
  try {
    for (const candidate of candidates) {
      namespaces += 1;
      const service = await RunningService.start({
        library: candidate.library,
        store,
        url,
        namespace: candidate.fleet?.namespace ?? `bench${namespaces}`,
        appId: APP_ID,
        trustAnchor: requests.trustAnchor,
        signedChallenges: candidate.isSigned,
        maxChallenges: MAX_CHALLENGES,
        keyCache: candidate.isSigned,
        prepared: candidate.isPrepared,
        oneStatement: candidate.oneStatement,
      });
      const position = candidate.fleet ? signedSoFar : 0;
      const runner = { ...candidate, service, rounds: [], position, highestRate: 0, idle: 0 };
      runners.push(runner);
      await service.call('addKeys', requests.keys);
      await warmUp(runner, requests, plan.warmUp);
    }
    proxy?.setDelay(delay);
    for (const runner of runners) await findRate(runner, requests, connections);
    for (let round = 0; round < plan.rounds; round += 1) {
      for (const runner of round % 2 === 0 ? runners : runners.toReversed())
        runner.rounds.push(await measureRound(runner, requests, connections, plan.seconds / plan.rounds));
    }
    const measured = runners.find(({ name }) => name === 'app-attest');
    if (plan.profile && measured) measured.profile = await profileRound(measured, requests, connections, plan);
    const measuredDelay = (await proxy?.meanDelay()) ?? 0;
    return { ...conditions, services: runners.map((runner) => resultOf(runner, measuredDelay)) };
  } finally {
    await Promise.all(runners.map(({ service }) => service.stop()));
    proxy?.stop();
    await database?.clear();
  }
}

/** The route without protection needs no store, so it is measured only once. */
function candidatesOf({ store }: Case, { library, signed, statements, baseline }: Plan): Candidate[] {
  const byHand = { library: undefined, isSigned: false, isPrepared: false, oneStatement: false };
  const ours = { ...byHand, library, isPrepared: true };
  const hasStatements = statements && store === 'PostgreSQL';
  const candidates: (Candidate | false)[] = [
    { ...ours, name: 'app-attest' },
    hasStatements && { ...ours, name: 'app-attest, without prepared statements', isPrepared: false },
    signed && { ...ours, name: 'app-attest, signed challenges and key cache', isSigned: true },
    // Earlier versions had no function for prepared statements.
    baseline !== undefined && { ...byHand, name: 'app-attest, before', library: baseline },
    { ...byHand, name: 'by hand' },
    hasStatements && { ...byHand, name: 'by hand, prepared statements', isPrepared: true },
    hasStatements && { ...byHand, name: 'by hand, one statement', oneStatement: true },
    store === 'memory' && { ...byHand, name: 'unprotected' },
  ];
  return candidates.filter((candidate) => candidate !== false);
}

function resultOf({ name, rounds, profile }: Runner, measuredDelay: number): ServiceResult {
  return { service: name, rounds, measuredDelay, ...(profile && { profile }) };
}

/** Runs a service at full load, without a delay, until its code is compiled. Then measures the CPU time of the idle service. */
async function warmUp(runner: Runner, requests: SignedRequests, seconds: number): Promise<void> {
  await findRate(runner, requests, FULL_LOAD);
  await load(runner, requests, FULL_LOAD, seconds, requestsFor(runner, seconds, FULL_LOAD));
  await runner.service.call('collectGarbage');
  const before = await runner.service.call('cpuTime');
  await setTimeout(500);
  runner.idle = ((await runner.service.call('cpuTime')) - before) / 0.5;
}

/** Finds out the rate of a service, to prepare enough requests for a round. */
async function findRate(runner: Runner, requests: SignedRequests, connections: number): Promise<void> {
  runner.highestRate = 0;
  await load(runner, requests, connections, PROBE.seconds, PROBE.requests);
}

async function measureRound(
  runner: Runner,
  requests: SignedRequests,
  connections: number,
  seconds: number,
): Promise<Round> {
  const { name, service } = runner;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    let cpu = 0;
    const sent = await load(
      runner,
      requests,
      connections,
      seconds,
      requestsFor(runner, SETTLING + seconds, connections),
      {
        before: async (queues) => {
          await service.call('collectGarbage');
          await httpLoad(service.port, queues, SETTLING);
          cpu = await service.call('cpuTime');
        },
        after: async () => {
          cpu = (await service.call('cpuTime')) - cpu;
        },
      },
    );
    // The service was faster than before. Its highest rate is now known, so the next attempt has more requests.
    if (sent.isExhausted) continue;
    return {
      requests: sent.completed,
      rate: sent.completed / sent.seconds,
      cpu: (cpu - runner.idle * sent.seconds) / sent.completed,
      p50: quantileOf(sent.latencies, 0.5),
      p99: quantileOf(sent.latencies, 0.99),
    };
  }
  throw new Error(`${name}: in ${ATTEMPTS} attempts, the prepared requests were used up before the end of the round`);
}

async function profileRound(runner: Runner, requests: SignedRequests, connections: number, plan: Plan) {
  const seconds = plan.seconds / plan.rounds;
  await runner.service.call('startProfile');
  await load(runner, requests, connections, seconds, requestsFor(runner, seconds, connections));
  return runner.service.call('stopProfile');
}

function requestsFor({ highestRate }: Runner, seconds: number, connections: number): number {
  return Math.ceil(MARGIN * highestRate * seconds) + 2 * connections;
}

/** Sends valid requests. Throws if the service rejects one of them. */
async function load(
  runner: Runner,
  requests: SignedRequests,
  connections: number,
  seconds: number,
  count: number,
  around: { before(queues: Iterator<Buffer>[]): Promise<void>; after(): Promise<void> } | undefined = undefined,
): Promise<Load> {
  const { name, service, position } = runner;
  const queues = name === 'unprotected' ? endless(connections) : await prepared(runner, requests, connections, count);
  await around?.before(queues);
  const sent = await httpLoad(service.port, queues, seconds);
  await around?.after();
  if (sent.refused > 0) throw new Error(`${name}: ${sent.refused} requests were rejected, expected 0: ${sent.refusal}`);
  runner.position = name === 'unprotected' ? position : position + count;
  runner.highestRate = Math.max(runner.highestRate, sent.completed / sent.seconds);
  return sent;
}

async function prepared(runner: Runner, requests: SignedRequests, connections: number, count: number) {
  const { service, position, fleet } = runner;
  if (runner.isSigned) {
    const signed = await requests.sign(position, await service.call('issueChallenges', count));
    return queuesOf(signed, position, connections);
  }
  await service.call('addChallenges', await requests.challenges(position, position + count));
  const signed = requests.requests(position, position + count);
  const named = fleet ? signed.map((request, index) => fleet.named(request, position + index)) : signed;
  return queuesOf(named, position, connections);
}

function endless(connections: number): Iterator<Buffer>[] {
  return Array.from({ length: connections }, function* queue() {
    while (true) yield UNPROTECTED;
  });
}
