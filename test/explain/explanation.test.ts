import { describe, expect, it } from 'vitest';
import { explainAssertion, explainAttestation, explainReceipt, inspectAttestation } from '../../src/index.js';
import { expectCode } from '../support/rejection.js';
import { APP_ID, apple, CHALLENGE, key, PAYLOAD, recorded, sha256 } from './mistakes/genuine.js';

const assertion = await key.device.generateAssertion(key.keyId, sha256(PAYLOAD));
const receipt = inspectAttestation(key.attestation).receipt ?? new Uint8Array();

describe('an explanation', () => {
  it('is undecided if options are missing and no check failed', async () => {
    const { verdict, checks, causes } = await explainAttestation({
      attestation: key.attestation,
      trustAnchors: apple.trustAnchors,
    });
    expect({ verdict, causes }).toEqual({ verdict: 'undecided', causes: [] });
    const skipped = checks.filter(({ outcome }) => outcome === 'skipped').map(({ name }) => name);
    expect(skipped).toEqual(
      expect.arrayContaining(['key identifier encoding', 'nonce', 'key identifier', 'App ID', 'credential ID']),
    );
    expect(checks.find(({ name }) => name === 'App ID')?.actual).toBe(APP_ID);
    expect((await explainAssertion({ assertion })).verdict).toBe('undecided');
    expect((await explainReceipt({ receipt, trustAnchors: apple.receiptTrustAnchors })).verdict).toBe('undecided');
  });

  it('has checks for steps 1 and 4 to 9 of an attestation, and for steps 3 to 5 of an assertion', async () => {
    const { checks } = await explainAttestation({ attestation: key.attestation });
    expect([...new Set(checks.flatMap(({ step }) => step ?? []))]).toEqual([1, 4, 5, 6, 7, 8, 9]);
    const explained = await explainAssertion({ assertion });
    expect(explained.checks.flatMap(({ step }) => step ?? [])).toEqual([3, 4, 5]);
  });

  it('contains the checks after a failed check, with the values that differ', async () => {
    const { checks } = await explainAttestation({
      ...recorded,
      appId: APP_ID,
      date: new Date(0),
      environment: 'development',
    });
    const failed = checks.filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ name, code }) => [name, code])).toEqual([
      ['certificate validity', 'certificate_expired'],
      ['App ID', 'app_id_mismatch'],
      ['environment', 'environment_mismatch'],
    ]);
    expect(failed.at(-1)).toMatchObject({ expected: 'development', actual: 'production' });
  });

  it('decodes and checks the bytes that it finds in hex text', async () => {
    const hex = Buffer.from(key.attestation).toString('hex');
    const { inspection, checks } = await explainAttestation({
      attestation: hex,
      challenge: CHALLENGE,
      trustAnchors: apple.trustAnchors,
    });
    expect(inspection.authenticatorData?.keyId).toBe(key.keyId);
    expect(checks.find(({ name }) => name === 'nonce')?.outcome).toBe('passed');
  });
});

describe('invalid options', () => {
  const attestation = key.attestation;
  it.each<[string, () => Promise<unknown>]>([
    ['evidence of another type', () => explainAttestation({ attestation: 5 as never })],
    ['an unknown option', () => explainAttestation({ attestation, challange: 'x' } as never)],
    ['a key identifier that is not text', () => explainAttestation({ attestation, keyId: 5 as never })],
    [
      'other challenges that are not an array',
      () => explainAttestation({ attestation, otherChallenges: 'x' as never }),
    ],
    ['another challenge that is not text', () => explainAttestation({ attestation, otherChallenges: [5] as never })],
    ['text that is not a key as the public key', () => explainAssertion({ assertion, publicKey: 'key' })],
    ['both client data and its hash', () => explainAssertion({ assertion, payload: '', clientDataHash: sha256('') })],
    ['an undefined public key for a receipt', () => explainReceipt({ receipt, publicKey: undefined as never })],
  ])('cause the error invalid_argument: %s', async (_, explain) => {
    await expectCode(explain, 'invalid_argument');
  });
});
