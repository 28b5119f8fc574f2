import { createHash } from 'node:crypto';
import type { VirtualApple, VirtualDevice } from 'app-attest/testing';

/** A signed request. It can be sent once. */
export interface PresignedRequest {
  headers: Record<string, string>;
  body: string;
}

interface Registered {
  device: VirtualDevice;
  keyId: string;
}

const TARGET = '/orders';
const IN_PARALLEL = 16;

async function postJson(url: string, json: object): Promise<{ challenge?: unknown }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(json) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return Object(await response.json());
}

async function challengeFor(origin: string, purpose: string): Promise<string> {
  return String((await postJson(`${origin}/app-attest/challenge`, { purpose })).challenge);
}

export async function registerDevices(origin: string, apple: VirtualApple, appId: string, count: number) {
  const registered: Registered[] = [];
  for (let index = 0; index < count; index += 1) {
    const device = await apple.createDevice({ appId });
    const keyId = await device.generateKey();
    const challenge = await challengeFor(origin, 'attestation');
    await postJson(`${origin}/app-attest/registration`, await device.capacitor.createAttestation({ keyId, challenge }));
    registered.push({ device, keyId });
  }
  return registered;
}

/** Signs `count` requests. The devices take turns. */
export async function presign(origin: string, devices: readonly Registered[], count: number) {
  const requests: PresignedRequest[] = [];
  while (requests.length < count) {
    const batch = Array.from({ length: IN_PARALLEL }, async (_, index) => {
      const registered = devices[(requests.length + index) % devices.length];
      if (!registered) throw new Error('there are no devices');
      return presignOne(registered, await challengeFor(origin, 'assertion'));
    });
    requests.push(...(await Promise.all(batch)));
  }
  return requests;
}

async function presignOne({ device, keyId }: Registered, challenge: string): Promise<PresignedRequest> {
  const body = '{"item":"coffee","size":"large","note":"as always, to the desk at the window"}';
  const contentDigest = `sha-256=:${sha256(body).toString('base64')}:`;
  const hash = sha256(`POST ${TARGET}\n${challenge}\n${contentDigest}`);
  const headers = {
    'content-type': 'application/json',
    'content-digest': contentDigest,
    'x-app-attest-key-id': keyId,
    'x-app-attest-assertion': Buffer.from(await device.generateAssertion(keyId, hash)).toString('base64'),
    'x-app-attest-challenge': challenge,
  };
  return { headers, body };
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
