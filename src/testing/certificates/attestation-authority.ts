import type { webcrypto } from 'node:crypto';
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

/** @param root The root certificate. By default, a new one whose private key cannot be exported */
export async function createAttestationAuthority(now: Date, root?: Issuer): Promise<AttestationAuthority> {
  const issuer = root ?? (await createAttestationRoot(now, await generateKeys('P-384')));
  const keys = await generateKeys('P-384');
  const intermediate = await issue(
    {
      ...validityOf(now),
      name: authorityName('Virtual App Attestation CA 1'),
      serialNumber: randomSerialNumber(16),
      hash: 'SHA-384',
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        await AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
        CA_USAGE,
      ],
    },
    keys,
    issuer,
  );
  return { root: issuer, intermediate };
}

export async function createAttestationRoot(now: Date, keys: webcrypto.CryptoKeyPair): Promise<Issuer> {
  return issue(
    {
      ...validityOf(now),
      name: authorityName('Virtual App Attestation Root CA'),
      serialNumber: randomSerialNumber(16),
      hash: 'SHA-384',
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
        CA_USAGE,
      ],
    },
    keys,
  );
}

function validityOf(now: Date): { notBefore: Date; notAfter: Date } {
  return { notBefore: later(now, -5 * YEAR), notAfter: later(now, 5 * YEAR) };
}
