import { describe, expect, it } from 'vitest';
import { MAX_SEARCHED_LENGTH } from '../../src/explain/causes/client-data-search.js';
import {
  type ExplainAssertionOptions,
  type ExplainAttestationOptions,
  explainAssertion,
  explainAttestation,
  explainReceipt,
  inspectAttestation,
  verifyAssertion,
  verifyAttestation,
  verifyReceipt,
} from '../../src/index.js';
import { APP_ID, apple, key, PAYLOAD, recorded, sha256 } from '../explain/mistakes/genuine.js';
import { costOf } from '../support/cost.js';

/** An explanation costs at most as much as this number of verifications. */
const MOST = 100;

const assertion = await key.device.generateAssertion(key.keyId, sha256(PAYLOAD));
const { publicKey } = key;
const receipt = inspectAttestation(key.attestation).receipt ?? new Uint8Array();

/**
 * Returns the lowest processor time of several runs, in milliseconds. The same number of runs before the measurement
 * lets the engine compile the code.
 */
async function cost(attempt: () => Promise<unknown>, runs = 10): Promise<number> {
  for (let run = 0; run < runs; run += 1) await attempt();
  return (await costOf(attempt, runs)).milliseconds;
}

/** Returns the average processor time of one verification, in milliseconds. A single verification is too short to measure. */
async function costOfVerification(verify: () => Promise<unknown>): Promise<number> {
  return (
    (await cost(async () => {
      for (let count = 0; count < MOST; count += 1) await verify();
    }, 2)) / MOST
  );
}

const deep = '['.repeat(60_000);
/** JSON that is about thirty times as long if it is indented by four spaces. */
const indented = `${'['.repeat(15)}${'1,'.repeat(1900)}1${']'.repeat(15)}`;
/** Similar JSON that is too long, and nested too deeply, to be searched. */
const longIndented = `${'['.repeat(30)}${'1,'.repeat(8000)}1${']'.repeat(30)}`;
const manyNames = JSON.stringify(Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`n${index}`, index])));
const otherChallenges = Array.from({ length: 1000 }, (_, index) => `${'challenge '.repeat(100)}${index}`);
const HOSTILE_TEXTS: readonly string[] = [
  'A'.repeat(10_000_000),
  'A'.repeat(65_536),
  ' '.repeat(262_144),
  `${'A '.repeat(100_000)}!`,
  '%41'.repeat(80_000),
  '\\'.repeat(262_144),
  '"'.repeat(200_000),
  '{"a":'.repeat(50_000),
  `{"token":"${'A'.repeat(200_000)}`,
  '['.repeat(262_144),
  'a1 '.repeat(80_000),
  `<${'a'.repeat(200_001)}`,
];

describe('the cost of an explanation', () => {
  it('is at most that of a hundred verifications of an attestation', async () => {
    const options = { ...recorded, policy: { whenAbsent: 'accept' as const } };
    const { clientDataHash: _, ...others } = options;
    const limit = MOST * (await costOfVerification(() => verifyAttestation(options)));
    const changes: Partial<ExplainAttestationOptions>[] = [
      { challenge: 'another', otherChallenges },
      { challenge: 'A'.repeat(MAX_SEARCHED_LENGTH), otherChallenges },
      { challenge: 'A'.repeat(16_384), otherChallenges },
      { challenge: new Uint8Array(16_384).fill(65), otherChallenges },
      { challenge: new Uint8Array(MAX_SEARCHED_LENGTH).fill(65), otherChallenges },
      { challenge: 'x'.repeat(1_000_000) },
      { appId: Array.from({ length: 100 }, (_, index) => `TEAMID1234.com.example.a${index}.b.c.d.e`) },
      ...HOSTILE_TEXTS.map((text) => ({ attestation: text, keyId: text })),
    ];
    for (const change of changes) {
      expect(await cost(() => explainAttestation({ ...others, ...change })), describeChange(change)).toBeLessThan(
        limit,
      );
    }
  });

  it('is at most that of a hundred verifications of an assertion with the same payload', async () => {
    const changes: Partial<ExplainAssertionOptions>[] = [
      { payload: 'another', otherChallenges },
      { payload: `${PAYLOAD}?`, otherChallenges },
      { payload: '{"a":1,"b":2,"c":3,"d":"/<"}', otherChallenges },
      { payload: manyNames },
      { payload: deep },
      { payload: deep.slice(0, MAX_SEARCHED_LENGTH) },
      { payload: indented },
      { payload: longIndented },
      { payload: `POST /orders\nchallenge\n${longIndented}` },
      { payload: `POST /orders\nchallenge\n${indented}` },
      { payload: new Uint8Array(MAX_SEARCHED_LENGTH) },
      { payload: new Uint8Array(16_384) },
      { payload: deep.slice(0, 16_384) },
      { payload: `${'='.repeat(16_000)}!` },
      { payload: `${'='.repeat(MAX_SEARCHED_LENGTH - 1)}!` },
      { appId: Array.from({ length: 100 }, (_, index) => `OTHERTEAM1.com.example.a${index}.b.c.d.e`) },
      ...HOSTILE_TEXTS.map((text) => ({ assertion: text })),
    ];
    const options = { assertion, publicKey, payload: PAYLOAD, appId: APP_ID, counter: 0 };
    const costWith = (payload: string | Uint8Array): Promise<number> =>
      costOfVerification(() => verifyAssertion({ ...options, payload }).catch(() => undefined));
    const usual = await costWith(PAYLOAD);
    for (const change of changes) {
      const limit = MOST * (change.payload === undefined ? usual : await costWith(change.payload));
      expect(await cost(() => explainAssertion({ ...options, ...change })), describeChange(change)).toBeLessThan(limit);
    }
  });

  it('is at most that of a hundred verifications of a receipt', async () => {
    const options = { receipt, appId: APP_ID, trustAnchors: apple.receiptTrustAnchors };
    const limit = MOST * (await costOfVerification(() => verifyReceipt(options)));
    for (const change of [{ challenge: 'another' }, ...HOSTILE_TEXTS.map((text) => ({ receipt: text }))]) {
      expect(await cost(() => explainReceipt({ ...options, ...change })), describeChange(change)).toBeLessThan(limit);
    }
  });
});

function describeChange(change: object): string {
  return JSON.stringify(change, (_, value) => (typeof value === 'string' ? value.slice(0, 20) : value)).slice(0, 200);
}
