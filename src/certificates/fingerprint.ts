import { hash } from 'node:crypto';

/** SHA-256 of DER bytes, as hex. */
export function fingerprint(der: Uint8Array): string {
  return hash('sha256', der, 'hex');
}
