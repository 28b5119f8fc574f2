import { describe, it } from 'vitest';
import type { AppAttestErrorCode } from '../../src/index.js';
import { type AttestationChanges, coseKey } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';
import { verify } from '../support/verified-attestations.js';

const otherPoint = Buffer.concat([Uint8Array.of(4), new Uint8Array(64).fill(7)]);

describe('the attested credential', () => {
  const wrong: readonly [string, AttestationChanges, AppAttestErrorCode][] = [
    ['a credential ID of 31 bytes', { credentialId: new Uint8Array(31) }, 'malformed_attestation'],
    [
      'a COSE key on another curve',
      { coseKey: Buffer.concat([Buffer.from('a5010203382220022158', 'hex'), new Uint8Array(67)]) },
      'malformed_attestation',
    ],
    ['a credential ID that is not the key identifier', { credentialId: new Uint8Array(32) }, 'credential_id_mismatch'],
    ['a COSE key that is not the certified key', { coseKey: coseKey(otherPoint) }, 'public_key_mismatch'],
    ['a certified key on P-384', { curve: 'P-384', coseKey: coseKey(otherPoint) }, 'public_key_mismatch'],
  ];
  it.each(wrong)('is rejected with %s', async (_, changes, code) => {
    await expectCode(() => verify(changes), code);
  });
});
