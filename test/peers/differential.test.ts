import { createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { AppAttestError, verifyAssertion, verifyAttestation } from '../../src/index.js';
import { brokenAssertion, brokenAttestation, damage, someOf } from '../support/broken-evidence.js';
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

/** Always the same evidence, so that a run says something about this code; more and other runs by hand. */
const { SEED = '20261124', RUNS = '500' } = process.env;
const RANDOM = { seed: Number(SEED), numRuns: Number(RUNS) };

/** What each verifier says about a kind of broken evidence: the tables of the document. */
interface Row {
  ours: string;
  theirs: string;
  why: string;
}
const document = readFileSync(new URL('../../docs/differential-testing.md', import.meta.url), 'utf8');

function tableOf(heading: string): ReadonlyMap<string, Row> {
  const [, section = ''] = document.split(`## ${heading}\n`);
  const lines = (section.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| '));
  return new Map(
    lines.slice(2).map((line) => {
      const [name = '', ours = '', theirs = '', why = ''] = line
        .split('|')
        .slice(1)
        .map((cell) => cell.trim());
      return [name, { ours: ours.replaceAll('`', ''), theirs, why }] as const;
    }),
  );
}

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

/** Whether one of the rows says that the other verifier does not look where ours found something. */
function isExplained(table: ReadonlyMap<string, Row>, names: readonly string[], code: string): boolean {
  return names.some((name) => {
    const row = table.get(name);
    return row?.ours === code && row.theirs === 'accepted' && row.why !== '';
  });
}

const authority = await createAuthority();

beforeAll(() => {
  checker.setAppAttestRootCertificate(new X509Certificate(authority.root.der).toString());
  // The other verifier takes no date.
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
});
afterAll(() => {
  vi.useRealTimers();
});

type Outcome = { ours: string; theirs: string };
type Damage = (object: Uint8Array) => Uint8Array;

async function judgeAttestation(changes: AttestationChanges, damaged: Damage = (object) => object): Promise<Outcome> {
  const evidence = await attest(authority, changes);
  const attestation = damaged(evidence.attestation);
  const appInfo = { appId: APP_ID, developmentEnv: false };
  return {
    ours: await ours(() => verifyAttestation({ ...evidence, attestation })),
    theirs: await theirs(() =>
      checker.verifyAttestation(appInfo, evidence.keyId, Buffer.from(CHALLENGE), Buffer.from(attestation)),
    ),
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
  };
}

/** The two tests of one table. */
function compare<Changes extends object>(
  heading: string,
  broken: Readonly<Record<string, fc.Arbitrary<Changes>>>,
  judge: (changes: Changes, damaged?: Damage) => Promise<Outcome>,
): void {
  const table = tableOf(heading);

  it('the table has a row for each way of breaking them', () => {
    expect([...table.keys()].toSorted()).toEqual(Object.keys(broken).toSorted());
    for (const { ours: code, theirs: outcome, why } of table.values()) {
      expect(why !== '').toBe((code === 'accepted') !== (outcome === 'accepted'));
    }
  });

  it.each(Object.entries(broken))('%s: as the table says', async (name, arbitrary) => {
    const { ours: code, theirs: outcome } = table.get(name) ?? {};
    await fc.assert(
      fc.asyncProperty(arbitrary, async (changes) => {
        expect(await judge(changes)).toEqual({ ours: code, theirs: outcome });
      }),
      { ...RANDOM, numRuns: 5 },
    );
  });

  it('mixtures and damaged bytes: whatever we accept they accept, and whatever only they accept is in the table', async () => {
    await fc.assert(
      fc.asyncProperty(someOf(broken), damage, async ({ names, changes }, damaged) => {
        const outcome = await judge(changes as Changes, damaged);
        if (outcome.ours === 'accepted') expect(outcome.theirs).toBe('accepted');
        else if (outcome.theirs === 'accepted') {
          expect(isExplained(table, names, outcome.ours), `${names.join(', ')}: ${outcome.ours}`).toBe(true);
        }
      }),
      RANDOM,
    );
  });
}

describe('attestations', () => compare('Attestations', brokenAttestation, judgeAttestation));
describe('assertions', () => compare('Assertions', brokenAssertion, judgeAssertion));
