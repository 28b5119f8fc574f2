import type { AppAttestPlugin } from 'app-attest/client';
import { type SentRequest, sendAsAttacker } from './network.js';

/** Signs an order without the client, as a script does that an attacker runs on a device. docs/protocol.md has the format. */
export async function signByHand(origin: string, plugin: AppAttestPlugin, keyId: string): Promise<SentRequest> {
  const body = JSON.stringify({ item: 'coffee' });
  const challenge = await requestChallenge(origin);
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body));
  const contentDigest = `sha-256=:${btoa(String.fromCharCode(...new Uint8Array(digest)))}:`;
  const payload = `POST /orders\n${challenge}\n${contentDigest}`;
  const { token } = await plugin.createAssertion({ keyId, payload });
  const headers = new Headers({
    'Content-Type': 'application/json',
    'Content-Digest': contentDigest,
    'X-App-Attest-Key-Id': keyId,
    'X-App-Attest-Assertion': token,
    'X-App-Attest-Challenge': challenge,
  });
  return { url: `${origin}/orders`, method: 'POST', headers, body };
}

async function requestChallenge(origin: string): Promise<string> {
  const { status, body } = await sendAsAttacker({
    url: `${origin}/app-attest/challenge`,
    method: 'POST',
    headers: new Headers({ 'Content-Type': 'application/json' }),
    body: JSON.stringify({ purpose: 'assertion' }),
  });
  const challenge: unknown = Object(body).challenge;
  if (typeof challenge === 'string') return challenge;
  throw new Error(`the response has no challenge: ${status}`);
}
