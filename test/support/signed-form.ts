import type { AppAttest } from '../../src/server/index.js';
import type { VirtualDevice } from '../../src/testing/index.js';
import { signedHeaders } from './signed-headers.js';

/** Encodes a form with the text `coffee` and a file, and signs it as a request for `POST /files`. */
export async function signedForm(backend: AppAttest, device: VirtualDevice, keyId: string, file: string) {
  const form = new FormData();
  form.set('title', 'coffee');
  form.set('file', new Blob([file]), 'file.txt');
  const encoded = new Response(form);
  const contentType = encoded.headers.get('content-type') ?? '';
  const body = Buffer.from(await encoded.arrayBuffer());
  const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
  return {
    body,
    contentType,
    headers: await signedHeaders(device, keyId, { method: 'POST', target: '/files', challenge, body }),
  };
}
