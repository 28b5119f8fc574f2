import { coldStarts } from './cold-start.js';
import { find, type Measured, quantile } from './interleaved.js';
import { growthAfterAssertions } from './memory.js';
import { assertionsWithPem, assertionsWithReadyKey, attestations, BARE, bestPeer, OURS } from './speed.js';
import { attestationThroughput } from './throughput.js';

/**
 * Checks the targets in docs/performance.md, also on a busy machine. Other work can only make a candidate slower, so the time of
 * a candidate is the 0.1 quantile of its rounds, not the median. If a target is missed, it is measured again, up to five times in
 * total.
 */
const ATTEMPTS = 5;
const ROUNDS = 41;

const undisturbed = ({ rounds }: Measured): number => quantile(rounds, 0.1);
const ratio = (one: Measured, other: Measured): number => undisturbed(one) / undisturbed(other);

/** OpenSSL 3.0 needs much time to import a PEM. app-attest avoids this import, so the ratio is higher with OpenSSL 3.0. */
const pemSpeedup = process.versions.openssl.startsWith('3.0.') ? 1.5 : 1.15;

interface Claim {
  readonly text: string;
  readonly measure: () => Promise<number>;
  readonly holds: (measured: number) => boolean;
}

const claims: readonly Claim[] = [
  {
    text: 'an assertion with an existing KeyObject takes at most 1.15 × a bare verification',
    measure: async () => {
      const measured = await assertionsWithReadyKey(ROUNDS);
      return ratio(find(measured, OURS), find(measured, BARE));
    },
    holds: (times) => times <= 1.15,
  },
  {
    text: `an assertion with a PEM is at least ${pemSpeedup} × as fast as the best other verifier`,
    measure: async () => {
      const measured = await assertionsWithPem(ROUNDS);
      return ratio(bestPeer(measured, undisturbed), find(measured, OURS));
    },
    holds: (times) => times >= pemSpeedup,
  },
  {
    text: 'an attestation takes at most 1.35 × a bare verification of the signature of its credential certificate',
    measure: async () => {
      const measured = await attestations(ROUNDS);
      return ratio(find(measured, OURS), find(measured, BARE));
    },
    holds: (times) => times <= 1.35,
  },
  {
    text: 'an attestation is at least 3 × as fast as with the best other verifier',
    measure: async () => {
      const measured = await attestations(ROUNDS);
      return ratio(bestPeer(measured, undisturbed), find(measured, OURS));
    },
    holds: (times) => times >= 3,
  },
  {
    text: '256 concurrent attestations are at least 1.7 × as fast as sequential attestations',
    measure: async () => (await attestationThroughput(5, 1024)).speedup,
    holds: (times) => times >= 1.7,
  },
  {
    text: '256 concurrent attestations block the event loop for at most 2 ms',
    measure: async () => (await attestationThroughput(5, 1024)).delay.most,
    holds: (milliseconds) => milliseconds <= 2,
  },
  {
    text: 'after 50 000 assertions, the heap has grown by at most 256 KiB',
    measure: () => growthAfterAssertions(50_000),
    holds: (kibibytes) => kibibytes <= 256,
  },
  {
    text: 'importing app-attest takes at most half as long as importing node-app-attest',
    measure: async () => {
      const times = coldStarts(7);
      return Math.max(times['app-attest'], times['app-attest, CommonJS']) / times['node-app-attest'];
    },
    holds: (share) => share <= 0.5,
  },
];

for (const { text, measure, holds } of claims) {
  const attempts: number[] = [];
  do attempts.push(await measure());
  while (!holds(attempts.at(-1) ?? Number.NaN) && attempts.length < ATTEMPTS);
  const isMet = holds(attempts.at(-1) ?? Number.NaN);
  console.log(
    `${isMet ? 'ok' : 'NOT MET'}: ${text} (measured ${attempts.map((value) => value.toFixed(2)).join(', ')})`,
  );
  if (!isMet) process.exitCode = 1;
}
