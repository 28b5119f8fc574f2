import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it, vi } from 'vitest';
import { attest, readCredentials, refresh } from '../../examples/receipt.js';
import { createVirtualApple, type VirtualApple, type VirtualDevice } from '../../src/testing/index.js';
import { APP_ID, sha256 } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';

// The example trusts only Apple and sends requests only to Apple. These mocks replace Apple with a virtual Apple.
const virtual = vi.hoisted(() => ({ apple: undefined as VirtualApple | undefined }));
vi.mock('app-attest', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../src/index.js')>();
  const apple = () => virtual.apple ?? expect.fail('virtual.apple is not set');
  return {
    ...original,
    verifyAttestation: (options: Parameters<typeof original.verifyAttestation>[0]) => {
      return original.verifyAttestation({ ...options, trustAnchors: apple().trustAnchors });
    },
    verifyReceipt: (options: Parameters<typeof original.verifyReceipt>[0]) => {
      return original.verifyReceipt({ ...options, trustAnchors: apple().receiptTrustAnchors });
    },
    refreshReceipt: (options: Parameters<typeof original.refreshReceipt>[0]) => {
      return original.refreshReceipt({ ...options, fetch: apple().receiptEndpoint() });
    },
  };
});

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const credentials = {
  teamId: 'TEAMID1234',
  keyId: 'ABC123DEFG',
  privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
};

let createdAt: Date | undefined;
let device: VirtualDevice;
beforeEach(async () => {
  createdAt = undefined;
  virtual.apple = await createVirtualApple({ now: () => createdAt ?? new Date() });
  device = await virtual.apple.createDevice({ appId: APP_ID });
});

async function attestWithExample() {
  const keyId = await device.generateKey();
  const attestation = await device.attestKey(keyId, sha256('challenge'));
  return attest(Buffer.from(attestation).toString('base64'), keyId, 'challenge');
}

it('the receipt example verifies an attestation and its receipt, and requests a receipt with a risk metric', async () => {
  const key = await attestWithExample();
  const refreshed = await refresh(key, credentials);
  expect(refreshed?.verified).toMatchObject({ type: 'RECEIPT', riskMetric: 1 });
  // Apple issues no newer receipt yet, because the new receipt is too young.
  expect(await refresh({ ...key, receipt: refreshed?.receipt ?? key.receipt }, credentials)).toBeUndefined();
});

it('the receipt example rejects an attestation if its receipt is six minutes old', async () => {
  createdAt = new Date(Date.now() - 6 * 60_000);
  await expectCode(attestWithExample, 'receipt_too_old');
});

it('the receipt example loads the credentials from the .p8 file', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'app-attest-')), 'AuthKey_ABC123DEFG.p8');
  await writeFile(path, credentials.privateKey);
  expect(readCredentials(path)).toEqual(credentials);
});
