import { generateKeyPairSync } from 'node:crypto';
import {
  type AppAttest,
  type AppAttestOptions,
  createAppAttest,
  memoryStores,
  type RefreshReceiptsOptions,
  type StoredKey,
  type Stores,
} from '../../src/server/index.js';
import type { ListeningServer, ReceiptEndpoint, VirtualDeviceOptions } from '../../src/testing/index.js';
import { appId, apple, createDevice, registration } from './backend.js';

/** Keys whose receipts are due, and the endpoint of the virtual Apple on a loopback address. */
export interface DueReceipts {
  readonly stores: Stores;
  readonly backend: AppAttest;
  /** The identifiers of the keys, in the order in which the keys are due. */
  readonly keyIds: readonly string[];
  readonly endpoint: ReceiptEndpoint;
  readonly server: ListeningServer;
  /** Valid options of `refreshReceipts`. */
  readonly options: RefreshReceiptsOptions;
  key(index: number): Promise<StoredKey>;
  close(): Promise<void>;
}

/** Registers `count` keys, each on a separate device. All receipts are due, and their due times are one millisecond apart. */
export async function dueReceipts(
  count: number,
  { stores = memoryStores(), ...others }: Partial<AppAttestOptions> & { stores?: Stores } = {},
  deviceOptions: (index: number) => Partial<VirtualDeviceOptions> = () => ({}),
): Promise<DueReceipts> {
  const backend = createAppAttest({
    appId,
    trustAnchors: apple.trustAnchors,
    receiptTrustAnchors: apple.receiptTrustAnchors,
    ...stores,
    ...others,
  });
  const keyIds: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const { keyId } = await backend.register(await registration(backend, await createDevice(deviceOptions(index))));
    await stores.keys.saveReceipt(keyId, { receiptDueAt: new Date(1_700_000_000_000 + index) });
    keyIds.push(keyId);
  }
  const endpoint = apple.receiptEndpoint();
  const server = await endpoint.listen();
  return {
    stores,
    backend,
    keyIds,
    endpoint,
    server,
    options: { credentials: newDeviceCheckCredentials(), endpoint: server.url },
    async key(index) {
      const key = await backend.key(keyIds[index] ?? '');
      if (!key) throw new Error('the backend has no key with this index');
      return key;
    },
    close: () => server.close(),
  };
}

/** Creates credentials with a new private key of the developer account. */
export function newDeviceCheckCredentials(): RefreshReceiptsOptions['credentials'] {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { teamId: appId.slice(0, 10), keyId: 'ABC123DEFG', privateKey: pem };
}
