import { afterEach, describe, expect, it, vi } from 'vitest';
import { STATUS } from '../../src/http/status.js';
import { NOW } from '../support/certificate-authority.js';
import { APP_ID } from '../support/evidence.js';
import { createReceiptChain, makeReceipt } from '../support/receipts.js';

afterEach(() => {
  vi.doUnmock('pkijs');
  vi.doUnmock('asn1js');
  vi.resetModules();
});

describe('if the packages that decode receipts cannot be loaded', () => {
  it.each([
    ['pkijs', 'verifyReceipt'],
    ['pkijs', 'inspectReceipt'],
    ['asn1js', 'verifyReceipt'],
    ['asn1js', 'inspectReceipt'],
  ] as const)('the error does not blame the client: without %s in %s', async (name, attempted) => {
    const chain = await createReceiptChain();
    const receipt = await makeReceipt(chain);
    vi.resetModules();
    vi.doMock(name, () => {
      throw new Error('pruned');
    });
    const { AppAttestError, inspectReceipt, verifyReceipt } = await import('../../src/index.js');
    const attempts = {
      verifyReceipt: () => verifyReceipt({ receipt, appId: APP_ID, date: NOW, trustAnchors: [chain.root.der] }),
      inspectReceipt: () => inspectReceipt(receipt),
    };
    const error: unknown = await attempts[attempted]().catch((thrown: unknown) => thrown);
    if (!(error instanceof AppAttestError)) return expect.fail(JSON.stringify(error));
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toContain('asn1js and pkijs');
    expect(error.cause).toBeInstanceOf(Error);
    expect(STATUS[error.code]).toBe(500);
  });
});
