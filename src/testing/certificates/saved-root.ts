import { webcrypto } from 'node:crypto';
import { decodePem, encodePem } from '../../encoding/pem.js';
import type { Issuer } from './issuer.js';
import { X509Certificate } from './x509.js';

/**
 * A root certificate with its private key, both PEM. Anyone who has the private key can forge evidence for each server
 * that trusts the certificate.
 */
export interface SavedRoot {
  readonly certificate: string;
  /** PKCS #8. */
  readonly privateKey: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-384' } as const;

/** @param root A root whose private key can be exported */
export async function saveRoot({ certificate, keys }: Issuer): Promise<SavedRoot> {
  const privateKey = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificate: encodePem('CERTIFICATE', certificate),
    privateKey: encodePem('PRIVATE KEY', new Uint8Array(privateKey)),
  };
}

/** @throws Error if the certificate or the private key cannot be decoded */
export async function loadRoot(saved: SavedRoot): Promise<Issuer> {
  const der = decodePem('CERTIFICATE', saved.certificate);
  const pkcs8 = decodePem('PRIVATE KEY', saved.privateKey);
  if (!der || !pkcs8) throw new Error('a saved root must have a certificate and a private key, PEM');
  const certificate = new X509Certificate(new Uint8Array(der));
  return {
    certificate: new Uint8Array(der),
    name: certificate.subjectName,
    serialNumber: certificate.serialNumber,
    keys: {
      privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign']),
      publicKey: await certificate.publicKey.export(ALGORITHM, ['verify']),
    },
  };
}
