import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AppAttestError,
  type Explanation,
  explainAssertion,
  explainAttestation,
  explainReceipt,
  type VerifyAssertionOptions,
  type VerifyAttestationOptions,
  type VerifyReceiptOptions,
  verifyAssertion,
  verifyAttestation,
  verifyReceipt,
} from '../../src/index.js';
import { assertProperty } from '../support/assert-property.js';
import { brokenAssertion, brokenAttestation, damage, someOf } from '../support/broken-evidence.js';
import { createAuthority, NOW } from '../support/certificate-authority.js';
import { APP_ID, assert, attest } from '../support/evidence.js';
import { createReceiptChain, makeReceipt } from '../support/receipts.js';
import {
  attestationOptions,
  attestationRecordings,
  fixtures,
  fromBase64,
  recordedReceipts,
  recordings,
} from '../support/recordings.js';

/** The number of runs of each property. Set the environment variable `RUNS` for more runs. */
const { RUNS = '100' } = process.env;
const numRuns = Number(RUNS);

/** Returns the error code with which a verification rejects, or `undefined` if the verification accepts. */
async function codeOf(verification: Promise<unknown>): Promise<string | undefined> {
  try {
    await verification;
    return undefined;
  } catch (error) {
    if (error instanceof AppAttestError) return error.code;
    throw error;
  }
}

function expectSame({ verdict, code, checks, causes }: Explanation, expected: string | undefined): void {
  expect(code, JSON.stringify(checks)).toBe(expected);
  expect(verdict).toBe(expected === undefined ? 'accepted' : 'refused');
  // Every rejection has a cause, and accepted evidence has none.
  expect(causes.length > 0, JSON.stringify(checks)).toBe(expected !== undefined);
}

const attestation = async (options: VerifyAttestationOptions) => {
  expectSame(await explainAttestation(options), await codeOf(verifyAttestation(options)));
};
const assertion = async (options: VerifyAssertionOptions) => {
  expectSame(await explainAssertion(options), await codeOf(verifyAssertion(options)));
};
const receipt = async (options: VerifyReceiptOptions) => {
  expectSame(await explainReceipt(options), await codeOf(verifyReceipt(options)));
};

const authority = await createAuthority();
const chain = await createReceiptChain();
const attestations = attestationRecordings.map((recording) => attestationOptions(recording));
const publicKeys = new Map<string, string>();
for (const recording of attestationRecordings) {
  publicKeys.set(recording.name, (await verifyAttestation(attestationOptions(recording))).publicKey);
}
const assertions = recordings.flatMap(
  ({ name, appId, assertions: recorded, publicKey = publicKeys.get(name) ?? '' }) => {
    return recorded.map(({ object, clientData, counter }) => {
      return { assertion: fromBase64(object), payload: fromBase64(clientData), appId, publicKey, counter: counter - 1 };
    });
  },
);
const receipts = [
  ...recordedReceipts.map(({ receipt: { object, creationTime }, appId, environment }) => {
    return { receipt: fromBase64(object), appId, environment, date: new Date(creationTime) };
  }),
];

describe('an explanation', () => {
  it(`has no cause for ${attestations.length} recorded attestations, which are accepted`, async () => {
    for (const options of attestations) {
      const { verdict, causes, checks } = await explainAttestation(options);
      expect({ verdict, causes }).toEqual({ verdict: 'accepted', causes: [] });
      expect(checks.map(({ outcome }) => outcome)).toEqual(checks.map(() => 'passed'));
    }
  });

  it(`has no cause for ${assertions.length} recorded assertions, which are accepted`, async () => {
    for (const options of assertions) {
      const { verdict, causes, checks } = await explainAssertion(options);
      expect({ verdict, causes }).toEqual({ verdict: 'accepted', causes: [] });
      expect(checks.map(({ outcome }) => outcome)).toEqual(checks.map(() => 'passed'));
    }
  });

  it(`has the same outcome as verifyReceipt for ${receipts.length} recorded receipts`, async () => {
    for (const options of receipts) await receipt(options);
  });

  it('has the same outcome as the verifier if one option does not match the evidence', async () => {
    for (const options of attestations) {
      await attestation({ ...options, appId: 'TEAMID1234.com.example.other' });
      await attestation({ ...options, date: new Date(0) });
      await attestation({
        ...options,
        environment: options.environment === 'production' ? 'development' : 'production',
      });
      await attestation({ ...options, keyId: 'not a key' });
      await attestation({ ...options, policy: { whenAbsent: 'reject' } });
      const { clientDataHash: _, ...others } = options;
      await attestation({ ...others, challenge: 'another' });
    }
    for (const options of assertions) {
      await assertion({ ...options, appId: 'TEAMID1234.com.example.other' });
      await assertion({ ...options, payload: 'another' });
      await assertion({ ...options, counter: 1000 });
      await assertion({ ...options, policy: { whenAbsent: 'reject' } });
    }
  });

  for (const { name } of fixtures.filter((fixture) => fixture.attestation)) {
    it(`has the same outcome as verifyAttestation for changed bytes of ${name}`, async () => {
      const recording = attestationRecordings.find((candidate) => candidate.name === name);
      const options = recording && attestationOptions(recording);
      if (!options) throw new Error(`the recording ${name} has no attestation`);
      const property = fc.asyncProperty(damage, async (change) => {
        await attestation({ ...options, attestation: change(options.attestation) });
      });
      await assertProperty(property, { numRuns });
    });
  }

  it('has the same outcome as the verifier for changed bytes of assertions and receipts', async () => {
    const property = fc.asyncProperty(damage, fc.nat(), async (change, index) => {
      const one = assertions[index % assertions.length];
      if (one) await assertion({ ...one, assertion: change(one.assertion) });
    });
    await assertProperty(property, { numRuns });
    const bytes = await makeReceipt(chain);
    const receiptProperty = fc.asyncProperty(damage, async (change) => {
      await receipt({ receipt: change(bytes), appId: APP_ID, date: NOW, trustAnchors: [chain.root.der] });
    });
    await assertProperty(receiptProperty, { numRuns });
  });

  it('has the same outcome as verifyAttestation for attestations with several errors', async () => {
    const property = fc.asyncProperty(someOf(brokenAttestation), async ({ changes }) => {
      const { privateKey: _, ...options } = await attest(authority, changes);
      await attestation(options);
    });
    await assertProperty(property, { numRuns });
  });

  it('has the same outcome as verifyAssertion for assertions with several errors', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const property = fc.asyncProperty(someOf(brokenAssertion), async ({ changes }) => {
      const evidence = assert(privateKey, changes);
      await assertion({ assertion: evidence, publicKey, payload: 'payload', appId: APP_ID, counter: 0 });
    });
    await assertProperty(property, { numRuns });
  });

  it('has the same outcome as the verifier for any text and any bytes', async () => {
    const [options] = attestations;
    const [signed] = assertions;
    if (!options || !signed) throw new Error('there is no recorded attestation or no recorded assertion');
    const any = fc.oneof(fc.string(), fc.base64String(), fc.json(), fc.uint8Array());
    const property = fc.asyncProperty(any, async (evidence) => {
      await attestation({ ...options, attestation: evidence });
      await assertion({ ...signed, assertion: evidence });
      await receipt({ receipt: evidence, appId: APP_ID });
      if (typeof evidence === 'string') await attestation({ ...options, keyId: evidence });
    });
    await assertProperty(property, { numRuns });
  });
});
