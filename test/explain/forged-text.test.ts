import { describe, expect, it } from 'vitest';
import { explainAttestation } from '../../src/index.js';
import { octetString, sequence, tagged } from '../../src/testing/encoding/der.js';
import { createAuthority } from '../support/certificate-authority.js';
import { attest, keyUsageProperties } from '../support/evidence.js';

describe('texts in a certificate', () => {
  it.each([
    [
      'an App ID',
      { properties: keyUsageProperties('\u001b[2J\n.com.example.app'), appId: '\u001b[2J\n.com.example.app' },
    ],
    [
      'an OS version',
      {
        operatingSystem: sequence(tagged(1400, octetString('26\u001b[2J\n'))),
        extensions: new Uint8Array(),
        flags: 0x40,
      },
    ],
  ])('cannot forge lines of a log: %s', async (_, changes) => {
    const made = await attest(await createAuthority(), changes);
    const { attestation, keyId, challenge, appId, date, trustAnchors } = made;
    const policy = { whenAbsent: 'reject' } as const;
    const { causes } = await explainAttestation({ attestation, keyId, challenge, appId, date, trustAnchors, policy });
    expect(causes.length).toBeGreaterThan(0);
    for (const { summary, remedy } of causes) expect(summary + remedy).not.toMatch(/\p{Cc}/u);
  });
});
