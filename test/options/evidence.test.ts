import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { inspectReceipt, refreshReceipt, verifyAssertion, verifyAttestation, verifyReceipt } from '../../src/index.js';
import { createAuthority } from '../support/certificate-authority.js';
import { APP_ID, assert, attest } from '../support/evidence.js';
import { makeReceipt } from '../support/receipts.js';
import { expectCode } from '../support/rejection.js';
import { chain } from '../support/verified-receipts.js';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { privateKey: _, ...attestation } = await attest(await createAuthority());
const assertion = { assertion: assert(privateKey), publicKey, payload: 'payload', appId: APP_ID, counter: 0 };
const receipt = { receipt: await makeReceipt(chain), appId: APP_ID };
const refresh = {
  receipt: receipt.receipt,
  environment: 'production',
  credentials: {
    teamId: 'TEAMID1234',
    keyId: 'KEYID12345',
    privateKey: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
  },
} as const;

describe('bytes with a detached ArrayBuffer cause an error that names the option:', () => {
  const detached = () => {
    const bytes = new Uint8Array(64);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    return bytes;
  };
  const calls: readonly [string, (bytes: Uint8Array) => unknown][] = [
    ['attestation', (bytes) => verifyAttestation({ ...attestation, attestation: bytes })],
    ['challenge', (bytes) => verifyAttestation({ ...attestation, challenge: bytes })],
    ['clientDataHash', (bytes) => verifyAssertion({ ...assertion, payload: undefined, clientDataHash: bytes })],
    ['trustAnchors', (bytes) => verifyAttestation({ ...attestation, trustAnchors: [bytes] })],
    ['assertion', (bytes) => verifyAssertion({ ...assertion, assertion: bytes })],
    ['payload', (bytes) => verifyAssertion({ ...assertion, payload: bytes })],
    ['receipt', (bytes) => verifyReceipt({ ...receipt, receipt: bytes })],
  ];
  it.each(calls)('%s', async (name, call) => {
    const error = await expectCode(() => call(detached()), 'invalid_argument');
    expect(error.message).toBe(`the ArrayBuffer of ${name} is detached or has shrunk`);
    expect(error.cause).toBeInstanceOf(TypeError);
  });
});

describe('evidence that is a number causes an error that names the option:', () => {
  const calls: readonly [string, (evidence: never) => unknown][] = [
    ['attestation', (evidence) => verifyAttestation({ ...attestation, attestation: evidence })],
    ['assertion', (evidence) => verifyAssertion({ ...assertion, assertion: evidence })],
    ['receipt', (evidence) => verifyReceipt({ ...receipt, receipt: evidence })],
    ['receipt', (evidence) => refreshReceipt({ ...refresh, receipt: evidence })],
    ['receipt', (evidence) => inspectReceipt(evidence)],
  ];
  it.each(calls)('%s', async (name, call) => {
    const { message } = await expectCode(() => call(7 as never), 'invalid_argument');
    expect(message).toBe(`${name} must be base64 text or a Uint8Array, not 7`);
  });
});

it('the error for evidence that is not base64 names this mistake, and has the decoding error as its cause', async () => {
  const { message, cause } = await expectCode(
    () => verifyAssertion({ ...assertion, assertion: 'base64!' }),
    'malformed_assertion',
  );
  expect(message).toContain('not valid base64 or base64url');
  expect(cause).toMatchObject({ name: 'DecodingError', cause: expect.any(Error) });
});
