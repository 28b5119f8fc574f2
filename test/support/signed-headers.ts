import { createHash } from 'node:crypto';
import type { VirtualDevice } from '../../src/testing/index.js';
import { base64, sha256 } from './backend.js';

/** A request before it is signed. */
export interface Unsigned {
  method: string;
  /** Path and query. */
  target: string;
  challenge: string;
  body?: string | Uint8Array | undefined;
}

/** The value of `Content-Digest` for a body. */
export function contentDigest(body: string | Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
}

/** The headers of a protected request, as an app sends them. */
export async function signedHeaders(
  device: VirtualDevice,
  keyId: string,
  { method, target, challenge, body }: Unsigned,
): Promise<Record<string, string>> {
  const digest = contentDigest(body ?? '');
  const assertion = await device.generateAssertion(keyId, sha256(`${method} ${target}\n${challenge}\n${digest}`));
  return {
    'x-app-attest-key-id': keyId,
    'x-app-attest-assertion': base64(assertion),
    'x-app-attest-challenge': challenge,
    ...(body !== undefined && { 'content-digest': digest }),
  };
}
