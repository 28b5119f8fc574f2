import { cpus } from 'node:os';
import { changeText } from './change-text.js';
import { coldStarts } from './cold-start.js';
import { byKeyCount, byPayload } from './growth.js';
import { find, type Measured, median, ratio, spread, table } from './interleaved.js';
import { type Load, loadServer, WAYS } from './load.js';
import { growthAfterAssertions } from './memory.js';
import {
  assertionsWithPem,
  assertionsWithReadyKey,
  attestations,
  BARE,
  BARE_IN_POOL,
  bestPeer,
  OURS,
} from './speed.js';
import { assertionThroughput, attestationThroughput, type LoopDelay } from './throughput.js';

/** `npm run bench -- --quick` is faster but less exact. The figures in docs/performance.md are from a run without `--quick`. */
const isQuick = process.argv.includes('--quick');
const rounds = isQuick ? 15 : 101;

const number = (value: number, digits = 1): string => value.toFixed(digits);
const print = (...lines: readonly string[]): void => console.log(`${lines.join('\n\n')}\n`);

function comparison(measured: readonly Measured[], limitName: string): string {
  const limit = find(measured, limitName);
  const best = bestPeer(measured, ({ rounds: of }) => median(of));
  return table(
    ['', 'median (middle half)', `× ${limitName}`, `× ${best.name}`],
    measured.map((each) => [each.name, spread(each), number(ratio(each, limit), 2), number(ratio(each, best), 2)]),
  );
}

print(
  `## Node.js ${process.versions.node}, OpenSSL ${process.versions.openssl}`,
  `${cpus().length} × ${cpus()[0]?.model}, ${process.platform} ${process.arch}; ${new Date().toISOString().slice(0, 10)}`,
);

// This measurement is the first, because the garbage collection after other measurements would block the event loop.
const many = await attestationThroughput(isQuick ? 3 : 9, 1024);
const ready = await assertionsWithReadyKey(rounds);
print(
  '### An assertion with an existing `KeyObject`',
  table(
    ['', 'median (middle half)', `× ${BARE}`],
    ready.map((each) => [each.name, spread(each), number(ratio(each, find(ready, BARE)), 2)]),
  ),
);
print(
  '### An assertion with the stored PEM, a different key each time',
  comparison(await assertionsWithPem(rounds), BARE),
);
const attested = await attestations(rounds);
print('### An attestation with a known intermediate certificate', comparison(attested, BARE));
print(`${OURS} takes ${number(ratio(find(attested, OURS), find(attested, BARE_IN_POOL)), 2)} × ${BARE_IN_POOL}.`);

const manyAssertions = await assertionThroughput(isQuick ? 4096 : 32_768);
const delays = ({ p99, most }: LoopDelay): string[] => [`${number(p99)} ms`, `${number(most)} ms`];
print(
  '### 256 concurrent calls',
  table(
    ['', 'calls per second', 'rate × sequential', 'event loop blocked, p99', 'event loop blocked, longest'],
    [
      ['attestations', number(many.rate, 0), number(many.speedup, 2), ...delays(many.delay)],
      ['attestations, sequential', '', '1', ...delays(many.oneByOneDelay)],
      [`${BARE_IN_POOL} (P-384)`, '', number(many.bareSpeedup, 2), ...delays(many.bareDelay)],
      ['assertions', number(manyAssertions.rate, 0), '', ...delays(manyAssertions.delay)],
    ],
  ),
);

const loads: [string, Load][] = [];
for (const way of WAYS) loads.push([way, await loadServer(way, isQuick ? 2 : 10)]);
print(
  '### An HTTP server under load: where assertions are verified',
  table(
    ['', 'assertions per second', 'p99', 'p50, p99 of other requests', 'p50, p99 of the event loop delay'],
    loads.map(([way, load]) => [
      way,
      number(load.rate, 0),
      `${number(load.latencyP99)} ms`,
      `${number(load.pingP50)}, ${number(load.pingP99)} ms`,
      `${number(load.loopDelayP50)}, ${number(load.loopDelayP99)} ms`,
    ]),
  ),
);

const keys = await byKeyCount([1, 1000, 1_000_000], isQuick ? 7 : 31);
print(
  '### Number of stored keys',
  table(
    ['keys', 'time of an assertion'],
    keys.map((each) => [each.name, spread(each)]),
  ),
);
const payloads = await byPayload([100, 10_000, 1_000_000], isQuick ? 7 : 31);
print(
  '### Size of the payload',
  table(
    ['bytes', 'time of an assertion'],
    payloads.map((each) => [each.name, spread(each)]),
  ),
);

const count = isQuick ? 50_000 : 1_000_000;
print('### Memory', `After ${count} assertions, the heap is ${changeText(await growthAfterAssertions(count))}.`);

const starts = coldStarts(isQuick ? 5 : 21);
print(
  '### Import time',
  table(
    ['import', 'milliseconds', '× node-app-attest'],
    Object.entries(starts).map(([name, time]) => [name, number(time), number(time / starts['node-app-attest'], 2)]),
  ),
);
