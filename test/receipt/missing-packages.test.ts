import { afterEach, describe, expect, it, vi } from 'vitest';
import { STATUS } from '../../src/http/status.js';
import { NOW } from '../support/certificate-authority.js';
import { APP_ID } from '../support/evidence.js';
import { newCredentials } from '../support/receipt-exchange.js';
import { createReceiptChain, makeReceipt } from '../support/receipts.js';

afterEach(() => {
  vi.doUnmock('jose');
  vi.doUnmock('pkijs');
  vi.doUnmock('asn1js');
  vi.resetModules();
});

describe('the error for a missing package', () => {
  it.each([
    ['pkijs', 'verifyReceipt'],
    ['pkijs', 'inspectReceipt'],
    ['asn1js', 'verifyReceipt'],
    ['asn1js', 'inspectReceipt'],
  ] as const)(
    'is invalid_argument, which maps to the HTTP status 500, if %s cannot be loaded by %s',
    async (name, attempted) => {
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
    },
  );
});

it('if refreshReceipt cannot load jose, the error names the package', async () => {
  vi.resetModules();
  vi.doMock('jose', () => {
    throw new Error('pruned');
  });
  const { AppAttestError, refreshReceipt } = await import('../../src/index.js');
  const { credentials } = newCredentials();
  const options = { receipt: Uint8Array.of(0x30, 0), environment: 'production', credentials } as const;
  const error: unknown = await refreshReceipt(options).catch((thrown: unknown) => thrown);
  if (!(error instanceof AppAttestError)) return expect.fail(JSON.stringify(error));
  expect(error.code).toBe('invalid_argument');
  expect(error.message).toBe('the package jose, which signs tokens, cannot be loaded');
  expect(error.cause).toBeInstanceOf(Error);
});

it('if pkijs throws while it decodes the signer, the receipt is rejected as malformed', async () => {
  const chain = await createReceiptChain();
  const receipt = await makeReceipt(chain);
  vi.resetModules();
  const thrown = new Error('odd');
  vi.doMock('pkijs', () => ({
    SignerInfo: class {
      constructor() {
        throw thrown;
      }
    },
  }));
  const { verifyReceipt } = await import('../../src/index.js');
  const verification = verifyReceipt({ receipt, appId: APP_ID, date: NOW, trustAnchors: [chain.root.der] });
  const cause = { name: 'DecodingError', message: 'the signer cannot be decoded', cause: thrown };
  await expect(verification).rejects.toMatchObject({ code: 'malformed_receipt', cause });
});
