import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createVirtualApple } from '../../src/testing/index.js';
import { appAttest } from './command-line.js';

/** A folder for the files of one test file. */
export const folder = mkdtempSync(join(tmpdir(), 'app-attest-evidence-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a file into the folder and returns its path. */
export function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

export const guide = JSON.parse(readFileSync('fixtures/apple-guide-2026.json', 'utf8'));
/** A recorded attestation as base64. */
export const attestation: string = guide.attestation.object;
export const bytes = Buffer.from(attestation, 'base64');

export const appId = 'TEAMID1234.com.example.app';
export const apple = await createVirtualApple();
export const device = await apple.createDevice({ appId });
export const { keyId } = await device.capacitor.prepare();
export const registration = await device.capacitor.createAttestation({ keyId, challenge: 'the challenge' });
export const payload = 'POST /orders\nanother challenge\n{"item":"coffee"}';
export const signed = await device.capacitor.createAssertion({ keyId, payload });
/** The paths of the root certificates of the virtual Apple. */
export const root = file('root.pem', apple.trustAnchors.join(''));
export const receiptRoot = file('receipt-root.pem', apple.receiptTrustAnchors.join(''));

/** Runs `app-attest explain` and returns its JSON. */
export const explained = async (...args: string[]) =>
  JSON.parse((await appAttest(['explain', ...args, '--json'])).output);
