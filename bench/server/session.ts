// Compares the CPU time of a read behind protectWithSession with an unprotected read, a read by hand, and one JWT verification.
// docs/sessions.md describes the method. Run it with `npm run bench -- session`. Options:
//
//   --rounds 9        the number of rounds; in each round, the kinds of reads take turns
//   --seconds 2       the duration of one kind of read in a round
//   --connections 20  the number of connections
//   --limit 1.15      fails if protectWithSession / (unprotected + verification) is higher
//   --quick           one short round; the figures are not meaningful
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { httpLoad } from './http-load.js';
import { spreadOf } from './results.js';
import type { CpuTime } from './session-process.js';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    seconds: { type: 'string', default: '2' },
    connections: { type: 'string', default: '20' },
    limit: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const rounds = options.quick ? 1 : Number(options.rounds);
const seconds = options.quick ? 0.3 : Number(options.seconds);
const connections = Number(options.connections);
const VERIFICATIONS = options.quick ? 200 : 5000;

const ROUTES = ['unprotected', 'by-hand', 'session', 'session?other-tokens'] as const;
type Figures = Record<(typeof ROUTES)[number] | 'verification', CpuTime>;

const ratios: number[] = [];
for (const algorithm of ['ES256', 'EdDSA']) ratios.push(await measure(algorithm));
if (options.limit !== undefined && Math.max(...ratios) > Number(options.limit)) {
  console.error(`protectWithSession / (unprotected + verification) is above ${options.limit}.`);
  process.exitCode = 1;
}

/** Prints a table. Returns the ratio that `--limit` limits. */
async function measure(algorithm: string): Promise<number> {
  const child = fork(fileURLToPath(new URL('session-process.js', import.meta.url)), [algorithm], {
    env: { ...process.env, NODE_ENV: 'production' },
  });
  const call = async <Result>(name: string, count = 0): Promise<Result> => {
    child.send({ name, count });
    const [result]: Result[] = await once(child, 'message');
    if (result === undefined) throw new Error(`the service did not answer ${name}`);
    return result;
  };
  const { port, token, tokens } = await call<{ port: number; token: string; tokens: string[] }>('start');
  const requests = (route: string, all: readonly string[]): Generator<Buffer> => {
    return endless(
      all.map((one) =>
        Buffer.from(`GET /${route} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${one}\r\n\r\n`),
      ),
    );
  };
  const inTurn = requests('session', tokens);
  const run = async (route: string, duration: number): Promise<CpuTime> => {
    // All connections take tokens from one queue, so the tokens are used in turn.
    const queue = route === 'session?other-tokens' ? inTurn : requests(route, [token]);
    const queues = Array.from({ length: connections }, () => queue);
    const before = await call<CpuTime>('cpuTime');
    const { completed, refusal } = await httpLoad(port, queues, duration);
    const after = await call<CpuTime>('cpuTime');
    if (refusal !== undefined || completed === 0) throw new Error(`/${route} rejected a request: ${refusal}`);
    return {
      mainThread: (after.mainThread - before.mainThread) / completed,
      allThreads: (after.allThreads - before.allThreads) / completed,
    };
  };

  const measured: Figures[] = [];
  for (const route of ROUTES) await run(route, seconds);
  await call<CpuTime>('verify', VERIFICATIONS);
  for (let round = 0; round < rounds; round += 1) {
    const figures: Partial<Figures> = {};
    // Every second round has the reverse order, so that other load of the machine affects all kinds of reads equally.
    for (const route of round % 2 === 0 ? ROUTES : ROUTES.toReversed()) figures[route] = await run(route, seconds);
    figures.verification = await call<CpuTime>('verify', VERIFICATIONS);
    measured.push(figures as Figures);
  }
  child.kill();
  return report(algorithm, measured);
}

function* endless(requests: readonly Buffer[]): Generator<Buffer> {
  for (;;) yield* requests;
}

function report(algorithm: string, measured: readonly Figures[]): number {
  const microseconds = (name: keyof Figures, figure: keyof CpuTime): string => {
    return spreadOf(measured.map((figures) => figures[name][figure])).median.toFixed(1);
  };
  const ratio = (of: (figures: Figures) => number): number => spreadOf(measured.map(of)).median;
  const row = (label: string, name: keyof Figures): string => {
    return `| ${label} | ${microseconds(name, 'mainThread')} µs | ${microseconds(name, 'allThreads')} µs |`;
  };
  const toSum = ratio(({ session, unprotected, verification }) => {
    return session.mainThread / (unprotected.mainThread + verification.mainThread);
  });
  const ofOthers = ratio(({ 'session?other-tokens': others, 'by-hand': byHand }) => {
    return others.mainThread / byHand.mainThread;
  });
  const toUnprotected = ratio(({ session, unprotected }) => session.mainThread / unprotected.mainThread);
  console.log(`
${algorithm}, Node.js ${process.version}, ${rounds} rounds of ${seconds} s, ${connections} connections

| CPU time for each request | main thread | all threads |
| --- | ---: | ---: |
${row('unprotected read', 'unprotected')}
${row('one verification with `jose`, without a server', 'verification')}
${row('unprotected read with `jose`, by hand', 'by-hand')}
${row('read behind `protectWithSession`', 'session')}
${row('read behind `protectWithSession`, each token for the first time', 'session?other-tokens')}

Main thread, median of the ratios of each round:
- protectWithSession / (unprotected + verification): ${toSum.toFixed(2)}
- protectWithSession / unprotected: ${toUnprotected.toFixed(2)}
- each token for the first time / by hand: ${ofOthers.toFixed(2)}`);
  return toSum;
}
