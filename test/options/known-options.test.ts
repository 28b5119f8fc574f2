import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  dueReceipts,
  receiptDueAt,
  refreshReceipt,
  type StoredReceipt,
  verifyAssertion,
  verifyAttestation,
  verifyReceipt,
} from '../../src/index.js';
import { createAuthority } from '../support/certificate-authority.js';
import { APP_ID, assert, attest } from '../support/evidence.js';
import { makeReceipt } from '../support/receipts.js';
import { expectCode } from '../support/rejection.js';
import { chain, inWhole } from '../support/verified-receipts.js';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { privateKey: _, ...attestation } = await attest(await createAuthority());
const assertion = { assertion: assert(privateKey), publicKey, payload: 'payload', appId: APP_ID, counter: 0 };
const receipt = { receipt: await makeReceipt(chain), appId: APP_ID, date: inWhole, trustAnchors: [chain.root.der] };
const credentials = {
  teamId: 'TEAMID1234',
  keyId: 'KEYID12345',
  privateKey: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
};
const notModified = async () => new Response(null, { status: 304 });
const refresh = { receipt: receipt.receipt, environment: 'production', credentials, fetch: notModified } as const;
const stored: StoredReceipt = { keyId: 'key', type: 'ATTEST', creationTime: inWhole, expirationTime: inWhole };

type Call = (more: object) => unknown;
type Functions = readonly [name: string, call: Call, required: readonly string[], optional: readonly string[]][];

/** Every public function of the core that takes options: those that may never be `undefined`, and those that may. */
const functions: Functions = [
  [
    'verifyAttestation',
    (more) => verifyAttestation({ ...attestation, ...more }),
    ['attestation', 'keyId', 'appId', 'policy'],
    ['clientDataHash', 'environment'],
  ],
  [
    'verifyAssertion',
    (more) => verifyAssertion({ ...assertion, ...more }),
    ['assertion', 'publicKey', 'appId', 'counter', 'policy'],
    ['clientDataHash'],
  ],
  [
    'verifyReceipt',
    (more) => verifyReceipt({ ...receipt, ...more }),
    ['receipt', 'appId', 'publicKey', 'challenge', 'clientDataHash', 'type', 'maxAge'],
    ['environment'],
  ],
  [
    'refreshReceipt',
    (more) => refreshReceipt({ ...refresh, ...more }),
    ['receipt', 'environment', 'credentials'],
    ['endpoint', 'signal', 'timeout'],
  ],
  [
    'credentials',
    (more) => refreshReceipt({ ...refresh, credentials: { ...credentials, ...more } }),
    ['teamId', 'keyId', 'privateKey'],
    [],
  ],
  ['receiptDueAt', (more) => receiptDueAt(stored, more), [], ['afterAttestation', 'interval', 'jitter', 'reserve']],
  [
    'dueReceipts',
    (more) => dueReceipts([stored], more),
    [],
    ['afterAttestation', 'interval', 'jitter', 'reserve', 'date'],
  ],
];

describe.each(functions)('%s', (name, call, required, optional) => {
  it('has no options but its own', async () => {
    await call({});
    for (const unknown of ['publickey', 'Policy', '', 'toString', 'constructor', '\n']) {
      const { message } = await expectCode(() => call({ [unknown]: undefined }), 'invalid_argument');
      expect(message).toBe(`${name} has no option ${JSON.stringify(unknown)}`);
    }
  });

  it.each(required)('does not take undefined for %s', async (option) => {
    await expectCode(() => call({ [option]: undefined }), 'invalid_argument');
  });

  it.each(optional)('takes undefined for %s as if it were left out', async (option) => {
    await call({ [option]: undefined });
  });
});

it.each(functions.slice(0, 4))('%s needs an object of options', async (name) => {
  const all: Record<string, (options: never) => unknown> = {
    verifyAttestation,
    verifyAssertion,
    verifyReceipt,
    refreshReceipt,
  };
  for (const options of [undefined, null, 'options', 5]) {
    const error = await expectCode(() => all[name]?.(options as never), 'invalid_argument');
    expect(error.message).toBe(`the options of ${name} must be an object`);
  }
});
