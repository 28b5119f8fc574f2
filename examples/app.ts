import { AppAttest } from '@capgo/capacitor-app-attest';

const server = 'https://api.example.com';

/** Call this once per installation. docs/keys.md describes when an app needs a new key. */
export async function register(): Promise<void> {
  const { keyId } = await AppAttest.prepare();
  const challenge = await fetchChallenge('attestation');
  const registration = await AppAttest.createAttestation({ keyId, challenge });
  await postJson('/app-attest/registration', registration);
  await AppAttest.storeKeyId({ keyId });
}

/** Sends a protected request, such as `signedFetch('POST', '/orders', body)` or `signedFetch('GET', '/orders/7')`. */
export async function signedFetch(method: string, target: string, body?: string): Promise<Response> {
  const { keyId } = await AppAttest.getStoredKeyId();
  if (!keyId) throw new Error('not registered');
  const challenge = await fetchChallenge('assertion');
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body));
  const contentDigest = `sha-256=:${btoa(String.fromCharCode(...new Uint8Array(digest)))}:`;
  const payload = `${method} ${target}\n${challenge}\n${contentDigest}`;
  const { token } = await AppAttest.createAssertion({ keyId, payload });
  const headers = {
    'Content-Type': 'application/json',
    'Content-Digest': contentDigest,
    'X-App-Attest-Key-Id': keyId,
    'X-App-Attest-Assertion': token,
    'X-App-Attest-Challenge': challenge,
  };
  return fetch(server + target, { method, headers, ...(body !== undefined && { body }) });
}

export async function fetchChallenge(purpose: 'attestation' | 'assertion'): Promise<string> {
  const response = await postJson('/app-attest/challenge', { purpose });
  const { challenge } = JSON.parse(await response.text());
  return challenge;
}

export async function postJson(target: string, json: object): Promise<Response> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(server + target, { method: 'POST', headers, body: JSON.stringify(json) });
  if (!response.ok) throw new Error(`${target}: ${response.status}`);
  return response;
}
