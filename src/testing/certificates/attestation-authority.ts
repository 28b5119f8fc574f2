import { later, YEAR } from '../time.js';
import { generateKeys, type Issuer, issue, randomSerialNumber } from './issuer.js';
import { authorityName } from './names.js';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
} from './x509.js';

/** The issuers of credential certificates. They imitate Apple App Attestation Root CA and Apple App Attestation CA 1. */
export interface AttestationAuthority {
  readonly root: Issuer;
  readonly intermediate: Issuer;
}

const CA_USAGE = new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true);

export async function createAttestationAuthority(now: Date): Promise<AttestationAuthority> {
  const shared = {
    notBefore: later(now, -5 * YEAR),
    notAfter: later(now, 5 * YEAR),
    hash: 'SHA-384',
  } as const;

  const rootKeys = await generateKeys('P-384');
  const root = await issue(
    {
      ...shared,
      name: authorityName('Virtual App Attestation Root CA'),
      serialNumber: randomSerialNumber(16),
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        await SubjectKeyIdentifierExtension.create(rootKeys.publicKey),
        CA_USAGE,
      ],
    },
    rootKeys,
  );

  const keys = await generateKeys('P-384');
  const intermediate = await issue(
    {
      ...shared,
      name: authorityName('Virtual App Attestation CA 1'),
      serialNumber: randomSerialNumber(16),
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        await AuthorityKeyIdentifierExtension.create(rootKeys.publicKey),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
        CA_USAGE,
      ],
    },
    keys,
    root,
  );
  return { root, intermediate };
}
