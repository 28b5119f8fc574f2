import { createPublicKey, X509Certificate } from 'node:crypto';
import { decode } from 'cbor-x';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AppAttestError, inspectAttestation, verifyAssertion, verifyAttestation } from '../../src/index.js';
import { brokenAssertion, brokenAttestation, damage, signedPartEnd, someOf } from '../support/broken-evidence.js';
import { createAuthority, NOW } from '../support/certificate-authority.js';
import {
  APP_ID,
  type AssertionChanges,
  type AttestationChanges,
  assert,
  attest,
  CHALLENGE,
  sha256,
} from '../support/evidence.js';
import { checker } from './appattest-checker-node.js';
import { type ExpectedOutcome, expectedOutcomes } from './expected-outcomes.js';

/** A fixed seed, so that a failed run points to a change in this code. Set SEED and RUNS to test other seeds or more runs. */
const { SEED = '20261124', RUNS = '500' } = process.env;
const RANDOM = { seed: Number(SEED), numRuns: Number(RUNS) };

async function ours(verify: () => Promise<unknown>): Promise<string> {
  try {
    await verify();
    return 'accepted';
  } catch (error) {
    if (error instanceof AppAttestError) return error.code;
    throw error;
  }
}

async function theirs(verify: () => Promise<object>): Promise<'accepted' | 'rejected'> {
  try {
    return 'verifyError' in (await verify()) ? 'rejected' : 'accepted';
  } catch {
    return 'rejected';
  }
}

type ExpectedOutcomes = Readonly<Record<string, ExpectedOutcome>>;

/** Whether one of the rows explains this difference between the verifiers. */
function isExplained(expected: ExpectedOutcomes, names: readonly string[], outcome: Outcome): boolean {
  return names.some((name) => {
    const row = expected[name];
    return row?.ours === outcome.ours && row.theirs === outcome.theirs && row.why !== undefined;
  });
}

const authority = await createAuthority();

beforeAll(() => {
  checker.setAppAttestRootCertificate(new X509Certificate(authority.root.der).toString());
  // The other verifier has no option for the date, so the clock is set.
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});
afterAll(() => {
  vi.useRealTimers();
});

interface Outcome {
  ours: string;
  theirs: string;
  /** The rows for kinds of damage that may explain the difference. */
  rows: readonly string[];
}
type Damage = (object: Uint8Array) => Uint8Array;

/** The rows about the parts of a certificate that the signature does not cover. */
const AROUND_SIGNED_PARTS = Object.keys(expectedOutcomes.Attestations).filter((name) => {
  return /^the (length|signature|signature algorithm) of a certificate /.test(name);
});

/** Whether only bytes of certificates changed, and none of the bytes that their issuers signed. */
function isAroundSignedParts(attestation: Uint8Array, damaged: Uint8Array): boolean {
  const { problems } = inspectAttestation(attestation);
  if (problems.length > 0 || attestation.length !== damaged.length) return false;
  const { x5c }: { x5c: Uint8Array[] } = decode(attestation).attStmt;
  return [...attestation.keys()]
    .filter((index) => attestation[index] !== damaged[index])
    .every((index) => {
      return x5c.some((certificate) => {
        const position = index - Buffer.from(attestation).indexOf(certificate);
        return (
          (position >= 0 && position < 4) || (position >= signedPartEnd(certificate) && position < certificate.length)
        );
      });
    });
}

async function judgeAttestation(changes: AttestationChanges, damaged: Damage = (object) => object): Promise<Outcome> {
  // About one random nonce in 500 is also valid ASN.1. One row covers such nonces. In the other rows, such a nonce would make
  // the test fail.
  const { privateKey: _, ...evidence } = await attest(authority, { nonceReadsAsAsn1: false, ...changes });
  const attestation = damaged(evidence.attestation);
  const appInfo = { appId: APP_ID, developmentEnv: false };
  return {
    ours: await ours(() => verifyAttestation({ ...evidence, attestation })),
    theirs: await theirs(() =>
      checker.verifyAttestation(appInfo, evidence.keyId, Buffer.from(CHALLENGE), Buffer.from(attestation)),
    ),
    rows: isAroundSignedParts(evidence.attestation, attestation) ? AROUND_SIGNED_PARTS : [],
  };
}

const { privateKey } = await attest(authority);
const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();

async function judgeAssertion(changes: AssertionChanges, damaged: Damage = (object) => object): Promise<Outcome> {
  const assertion = damaged(assert(privateKey, changes));
  const hash = Buffer.from(sha256('payload'));
  return {
    ours: await ours(() => verifyAssertion({ assertion, publicKey, payload: 'payload', appId: APP_ID, counter: 0 })),
    theirs: await theirs(() => checker.verifyAssertion(hash, publicKey, APP_ID, Buffer.from(assertion))),
    rows: [],
  };
}

/** Registers the tests for one kind of evidence. */
function compare<Changes extends object>(
  expected: ExpectedOutcomes,
  broken: Readonly<Record<string, fc.Arbitrary<Changes>>>,
  judge: (changes: Changes, damaged?: Damage) => Promise<Outcome>,
): void {
  it('have an expected outcome for each way of breaking them', () => {
    expect(Object.keys(expected).toSorted()).toEqual(Object.keys(broken).toSorted());
    for (const { ours: code, theirs: outcome, why } of Object.values(expected)) {
      expect(why !== undefined).toBe((code === 'accepted') !== (outcome === 'accepted'));
    }
  });

  it.each(Object.entries(broken))('have the expected outcome: %s', async (name, arbitrary) => {
    const { ours: code, theirs: outcome } = expected[name] ?? {};
    await fc.assert(
      fc.asyncProperty(arbitrary, async (changes) => {
        expect(await judge(changes)).toMatchObject({ ours: code, theirs: outcome });
      }),
      { ...RANDOM, numRuns: 5 },
    );
  });

  it('with random damage have an explained outcome if only one verifier accepts them', async () => {
    await fc.assert(
      fc.asyncProperty(someOf(broken), damage, async ({ names, changes }, damaged) => {
        const outcome = await judge(changes as Changes, damaged);
        if ((outcome.ours === 'accepted') === (outcome.theirs === 'accepted')) return;
        const what = `${names.join(', ')}: ${outcome.ours}, ${outcome.theirs}`;
        expect(isExplained(expected, [...names, ...outcome.rows], outcome), what).toBe(true);
      }),
      RANDOM,
    );
  });
}

describe('attestations', () => compare(expectedOutcomes.Attestations, brokenAttestation, judgeAttestation));
describe('assertions', () => compare(expectedOutcomes.Assertions, brokenAssertion, judgeAssertion));
