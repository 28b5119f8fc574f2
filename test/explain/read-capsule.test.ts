import { describe, expect, it } from 'vitest';
import { explainAttestation } from '../../src/explain/explain-attestation.js';
import { optionsOfCapsule, readCapsule } from '../../src/explain/read-capsule.js';
import { attestationFixture } from '../support/recordings.js';

const apple = attestationFixture('apple-guide-2026');
const capsule = {
  version: 1,
  kind: 'attestation',
  date: apple.attestation.validAt,
  code: 'nonce_mismatch',
  evidence: apple.attestation.object,
  keyId: apple.keyId,
  clientData: { text: 'example_server_challenge' },
  clientDataForm: 'raw',
  appIds: [apple.appId],
  environments: ['production'],
};

describe('readCapsule', () => {
  it('reads the values of an attestation', async () => {
    const values = readCapsule(JSON.stringify(capsule));
    if (values?.evidence === undefined) throw new Error('readCapsule returned no evidence');
    const options = optionsOfCapsule({ ...values, evidence: values.evidence });
    if (!('attestation' in options)) throw new Error('optionsOfCapsule returned no attestation');
    expect((await explainAttestation(options.attestation)).verdict).toBe('accepted');
  });

  it('reads the key and the payload of an assertion', () => {
    const assertion = { ...capsule, kind: 'assertion', clientDataForm: 'sha256-decoded', clientData: { text: 'AQID' } };
    const values = readCapsule(JSON.stringify({ ...assertion, key: { publicKey: 'PEM', counter: 7 } }));
    expect(
      optionsOfCapsule({
        evidence: '',
        ...values,
        kind: 'assertion',
        clientDataForm: 'sha256-decoded',
        appIds: [],
        environments: [],
        code: '',
      }),
    ).toMatchObject({
      assertion: { publicKey: 'PEM', counter: 7, payload: Uint8Array.of(1, 2, 3) },
    });
  });

  it('omits the counter that the rejected request itself has stored', () => {
    const counterAfter = (code: string) => {
      const key = { publicKey: 'PEM', counter: 7 };
      return readCapsule(JSON.stringify({ ...capsule, kind: 'assertion', code, key }))?.counter;
    };
    expect(counterAfter('request_mismatch')).toBeUndefined();
    expect(counterAfter('counter_not_increased')).toBe(7);
    expect(counterAfter('challenge_used')).toBe(7);
  });

  it.each([
    '',
    '[]',
    'null',
    '{}',
    '{"version":2,"kind":"attestation"}',
    '{"version":1,"kind":"receipt"}',
    'x'.repeat(600_000),
  ])('returns undefined for text that is not a capsule: %.40s', (text) => expect(readCapsule(text)).toBeUndefined());

  it('ignores values of a wrong type', () => {
    const wrong = {
      date: 'never',
      evidence: { sha256: '', length: 9 },
      keyId: 7,
      clientData: 7,
      appIds: [7, 'x'],
      environments: 'all',
      key: [],
      policy: { whenAbsent: 7 },
    };
    expect(readCapsule(JSON.stringify({ ...capsule, ...wrong }))).toEqual({
      kind: 'attestation',
      code: 'nonce_mismatch',
      clientDataForm: 'raw',
      appIds: [],
      environments: [],
      policy: {},
    });
  });

  it('reads all values of a long policy', () => {
    const bundleVersions = Array.from({ length: 500 }, (_, index) => String(index));
    const appIds = bundleVersions.map((version) => `TEAMID1234.com.example.app${version}`);
    const values = readCapsule(JSON.stringify({ ...capsule, appIds, policy: { bundleVersions } }));
    expect(values).toMatchObject({ appIds, policy: { bundleVersions } });
  });
});
