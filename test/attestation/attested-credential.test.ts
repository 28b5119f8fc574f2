import { describe, it } from 'vitest';
import type { AppAttestErrorCode } from '../../src/index.js';
import { type AttestationChanges, coseKey } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';
import { verify } from '../support/verified-attestations.js';

const otherPoint = Buffer.concat([Uint8Array.of(4), new Uint8Array(64).fill(7)]);

describe('the attested credential', () => {
  const wrong: readonly [string, AttestationChanges, AppAttestErrorCode][] = [
    ['a credential id of 31 bytes', { credentialId: new Uint8Array(31) }, 'malformed_attestation'],
    [
      'a COSE key on another curve',
      { coseKey: Buffer.concat([Buffer.from('a5010203382220022158', 'hex'), new Uint8Array(67)]) },
      'malformed_attestation',
    ],
    ['another credential id', { credentialId: new Uint8Array(32) }, 'credential_id_mismatch'],
    ['another COSE key', { coseKey: coseKey(otherPoint) }, 'public_key_mismatch'],
    ['a key on P-384', { curve: 'P-384', coseKey: coseKey(otherPoint) }, 'public_key_mismatch'],
  ];
  it.each(wrong)('is rejected: %s', async (_, changes, code) => {
    await expectCode(() => verify(changes), code);
  });
});
