import { expect } from 'vitest';
import {
  createAppAttest,
  type KeyStore,
  type ReceiptProgress,
  type RefreshReceiptsOptions,
} from '../../src/server/index.js';
import type { VirtualDeviceOptions } from '../../src/testing/index.js';
import { appId, apple, base64, createBackend, registration } from './backend.js';
import { type DueReceipts, dueReceipts } from './due-receipts.js';
import { deviceCheckToken, endpointUrl } from './receipt-requests.js';

export const DAY = 24 * 60 * 60 * 1000;
const { receiptTrustAnchors } = apple;

const opened: DueReceipts[] = [];

/** Closes the servers that {@link setUp} opened. */
export async function closeAll(): Promise<void> {
  for (const due of opened.splice(0)) await due.close();
}

/** Opens a server with keys whose receipts are due. {@link closeAll} closes it. */
export async function setUp(...parameters: Parameters<typeof dueReceipts>): Promise<DueReceipts> {
  const due = await dueReceipts(...parameters);
  opened.push(due);
  return due;
}

export const days = (date: Date | undefined): number => (Number(date) - Date.now()) / DAY;

export const counts = (refreshed: number, notModified: number, failed: number) => {
  return { due: refreshed + notModified + failed, refreshed, notModified, failed };
};

export const own = (
  options: Partial<RefreshReceiptsOptions>,
  { options: valid }: DueReceipts,
): RefreshReceiptsOptions => {
  return { ...valid, ...options };
};

/** Calls `refreshReceipts`. Returns the arguments of all calls of `onProgress`. */
export async function progressOf(
  due: DueReceipts,
  options: Partial<RefreshReceiptsOptions> = {},
): Promise<ReceiptProgress[]> {
  const received: ReceiptProgress[] = [];
  const onProgress = (progress: ReceiptProgress) => received.push(progress);
  await due.backend.refreshReceipts(own({ ...options, onProgress }, due));
  return received;
}

/** Another backend with the same stores. `replace` replaces some methods of its key store. */
export function withKeys({ stores }: DueReceipts, replace: (original: KeyStore) => Partial<KeyStore>) {
  const { challenges, keys } = stores;
  const { insert, find, advance, revoke, bind, list, remove, receipt, saveReceipt, due } = keys;
  const methods = { insert, find, advance, revoke, bind, list, remove, receipt, saveReceipt, due };
  const bound = Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, method.bind(keys)]));
  const replaced = Object.assign(Object.create(null), bound, replace(keys));
  return createAppAttest({ appId, receiptTrustAnchors, challenges, keys: replaced });
}

/** The body of a response of the virtual Apple that contains a receipt of another key. */
export async function receiptOfAnother(options: Partial<VirtualDeviceOptions> = {}, issuer = apple): Promise<string> {
  const backend = createBackend({ appId: [appId, `${appId}.other`], trustAnchors: issuer.trustAnchors });
  const device = await issuer.createDevice({ appId, ...options });
  const { keyId } = await backend.register(await registration(backend, device));
  const response = await issuer.receiptEndpoint()(endpointUrl('production'), {
    method: 'POST',
    headers: { authorization: await deviceCheckToken({ teamId: appId.slice(0, 10) }) },
    body: base64((await backend.receipt(keyId)) ?? new Uint8Array()),
  });
  expect(response.status).toBe(200);
  return response.text();
}
