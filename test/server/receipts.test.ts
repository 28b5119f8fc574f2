import { decode } from 'cbor-x';
import { describe, expect, it } from 'vitest';
import { receiptDueAt, verifyReceipt } from '../../src/index.js';
import { cbor } from '../../src/testing/encoding/cbor.js';
import { createVirtualApple } from '../../src/testing/index.js';
import { appId, apple, base64, createBackend, createDevice, registration, TestClock } from '../support/backend.js';
import { deviceCheckToken, endpointUrl } from '../support/receipt-requests.js';
import { expectCode } from '../support/rejection.js';

const { receiptTrustAnchors } = apple;
const strict = { verifyReceipts: true, receiptTrustAnchors };

/** Replaces the receipt in a registration. This is possible because no signature of the attestation covers the receipt. */
function withReceipt(body: { keyId: string; challenge: string; token: string }, receipt: Uint8Array) {
  const { attStmt, ...rest } = decode(Buffer.from(body.token, 'base64'));
  const { fmt, authData } = rest;
  return { ...body, token: base64(cbor({ fmt, attStmt: { x5c: attStmt.x5c, receipt }, authData })) };
}

const receiptOf = ({ token }: { token: string }): Uint8Array => decode(Buffer.from(token, 'base64')).attStmt.receipt;

describe('a server that verifies receipts', () => {
  it('registers a key whose receipt is genuine, in both environments', async () => {
    for (const environment of ['production', 'development'] as const) {
      const backend = createBackend({ ...strict, environment: ['production', 'development'] });
      const key = await backend.register(await registration(backend, await createDevice({ environment })));
      expect(await backend.key(key.keyId)).toMatchObject({ environment });
    }
  });

  it('uses Apple’s root for receipts by default', async () => {
    const backend = createBackend({ verifyReceipts: true });
    const body = await registration(backend, await createDevice());
    await expectCode(() => backend.register(body), 'untrusted_certificate');
    expect(await backend.key(body.keyId)).toBeUndefined();
  });

  it.each([
    [
      'of another key',
      async () => receiptOf(await registration(createBackend(), await createDevice())),
      'receipt_key_mismatch',
    ],
    [
      'of another app',
      async () => receiptOf(await registration(createBackend(), await createDevice({ appId: `${appId}.other` }))),
      'app_id_mismatch',
    ],
    [
      'from another virtual Apple',
      async () => {
        const device = await (await createVirtualApple()).createDevice({ appId });
        return receiptOf(await registration(createBackend(), device));
      },
      'untrusted_certificate',
    ],
    ['that is malformed', async () => Uint8Array.of(1), 'malformed_receipt'],
  ] as const)('rejects a receipt %s, and stores no key', async (_, receipt, code) => {
    const backend = createBackend(strict);
    const body = withReceipt(await registration(backend, await createDevice()), await receipt());
    await expectCode(() => backend.register(body), code);
    expect(await backend.key(body.keyId)).toBeUndefined();
  });

  it('rejects an attestation whose receipt was not issued for the challenge', async () => {
    const backend = createBackend(strict);
    const device = await createDevice({ os: 'iOS 26' });
    device.misbehave({ forgedExtensions: { validationCategory: 4 } });
    await expectCode(async () => backend.register(await registration(backend, device)), 'receipt_challenge_mismatch');
  });

  it('rejects a registration whose first receipt was replaced with a refreshed receipt of the same key', async () => {
    const backend = createBackend(strict);
    const body = await registration(backend, await createDevice());
    const response = await apple.receiptEndpoint()(endpointUrl('production'), {
      method: 'POST',
      headers: { authorization: await deviceCheckToken({ teamId: appId.slice(0, 10) }) },
      body: base64(receiptOf(body)),
    });
    const refreshed = withReceipt(body, Buffer.from(await response.text(), 'base64'));
    const error = await expectCode(() => backend.register(refreshed), 'receipt_challenge_mismatch');
    expect(error).toMatchObject({ expected: 'ATTEST', actual: 'RECEIPT' });
  });

  it('rejects a receipt that is older than five minutes', async () => {
    const clock = new TestClock();
    const backend = createBackend({ ...strict, now: clock.now, challengeTtl: 3600 });
    const device = await createDevice();
    const [inTime, late] = [await registration(backend, device), await registration(backend, device)];
    clock.forward(299);
    expect((await backend.register(inTime)).keyId).toBe(inTime.keyId);
    clock.forward(10);
    await expectCode(() => backend.register(late), 'receipt_too_old');
  });
});

it('a server that does not verify receipts accepts any receipt, as verifyAttestation does', async () => {
  const backend = createBackend();
  const body = withReceipt(await registration(backend, await createDevice()), Uint8Array.of(1));
  const { keyId } = await backend.register(body);
  expect(await backend.receipt(keyId)).toEqual(Uint8Array.of(1));
});

describe('the date of the first receipt refresh', () => {
  it('is 24 to 30 hours after the registration if the receipt is not verified', async () => {
    const clock = new TestClock();
    const backend = createBackend({ now: clock.now });
    const { keyId, receiptDueAt: due } = await backend.register(await registration(backend, await createDevice()));
    const expirationTime = new Date(clock.time + 90 * 86_400_000);
    expect(due).toEqual(receiptDueAt({ keyId, type: 'ATTEST', creationTime: clock.now(), expirationTime }));
    expect((await backend.key(keyId))?.receiptDueAt).toEqual(due);
    const hours = ((due?.getTime() ?? 0) - clock.time) / 3_600_000;
    expect(hours).toBeGreaterThanOrEqual(24);
    expect(hours).toBeLessThan(30);
  });

  it('depends on the dates in the receipt if the receipt is verified', async () => {
    const clock = new TestClock();
    const backend = createBackend({ ...strict, now: clock.now, challengeTtl: 3600 });
    const body = await registration(backend, await createDevice());
    clock.forward(200);
    const { keyId, receiptDueAt: due } = await backend.register(body);
    const receipt = (await backend.receipt(keyId)) ?? new Uint8Array();
    const verified = await verifyReceipt({ receipt, appId, trustAnchors: receiptTrustAnchors, date: clock.now() });
    expect(due).toEqual(receiptDueAt({ keyId, ...verified }));
    expect(verified.creationTime.getTime()).toBeLessThan(clock.time - 100_000);
  });
});
