import { hash } from 'node:crypto';

/** SHA-256 over a certificate, hex. */
export function fingerprint(der: Uint8Array): string {
  return hash('sha256', der, 'hex');
}
