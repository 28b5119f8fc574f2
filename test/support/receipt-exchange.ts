import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, beforeEach, vi } from 'vitest';
import type { RefreshReceiptOptions } from '../../src/index.js';
import {
  createVirtualApple,
  type ListeningServer,
  type ReceiptEndpoint,
  type VirtualApple,
} from '../../src/testing/index.js';
import { APP_ID } from './evidence.js';
import { attestedReceipt } from './receipt-requests.js';

export const HOUR = 60 * 60 * 1000;
/** The time at which each test starts. */
export const START = new Date('2026-10-01T12:00:00.000Z');

/** The receipt endpoint of the virtual Apple on a loopback address, and a receipt to send. Both are new in each test. */
export interface ReceiptExchange {
  readonly now: Date;
  readonly apple: VirtualApple;
  readonly receipt: Uint8Array;
  readonly endpoint: ReceiptEndpoint;
  readonly server: ListeningServer;
  /** Valid options of `refreshReceipt` for this receipt and endpoint. */
  readonly options: RefreshReceiptOptions;
  /** Advances the clock. */
  pass(milliseconds: number): void;
  /** The tokens that the endpoint received. */
  tokens(): string[];
}

/** Sets up a {@link ReceiptExchange} before each test of the file that calls it. */
export function useReceiptExchange(): ReceiptExchange {
  let now = START;
  let apple: VirtualApple;
  let receipt: Uint8Array;
  let endpoint: ReceiptEndpoint;
  let server: ListeningServer;
  let options: RefreshReceiptOptions;

  beforeAll(async () => {
    now = START;
    apple = await createVirtualApple({ now: () => now });
  });

  beforeEach(async () => {
    now = START;
    vi.useFakeTimers({ now, toFake: ['Date'] });
    const device = await apple.createDevice({ appId: APP_ID });
    receipt = attestedReceipt(await device.attestKey(await device.generateKey(), new Uint8Array(32)));
    const { publicKey, credentials } = newCredentials();
    endpoint = apple.receiptEndpoint({ keys: [{ teamId: credentials.teamId, keyId: credentials.keyId, publicKey }] });
    server = await endpoint.listen('production');
    options = { receipt, environment: 'production', credentials, endpoint: server.url };
  });

  afterEach(async () => {
    vi.useRealTimers();
    await server.close();
  });

  return {
    get now() {
      return now;
    },
    get apple() {
      return apple;
    },
    get receipt() {
      return receipt;
    },
    get endpoint() {
      return endpoint;
    },
    get server() {
      return server;
    },
    get options() {
      return options;
    },
    pass(milliseconds) {
      now = new Date(now.getTime() + milliseconds);
      vi.setSystemTime(now);
    },
    tokens: () => endpoint.requests.map(({ authorization }) => authorization ?? ''),
  };
}

/** A key of the developer account. Each key is new, so that no cached token of another test is used. */
export function newCredentials(keyId = 'ABC123DEFG'): {
  publicKey: KeyObject;
  credentials: RefreshReceiptOptions['credentials'];
} {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { publicKey, credentials: { teamId: 'TEAMID1234', keyId, privateKey: pem } };
}

/**
 * Calls a function with the URL of a server that `listener` implements. Used for responses that the virtual Apple never sends.
 */
export async function withServer<Result>(
  listener: RequestListener,
  run: (url: string) => Promise<Result>,
): Promise<Result> {
  const own: Server = createServer(listener).listen(0, '127.0.0.1');
  await once(own, 'listening');
  try {
    return await run(`http://127.0.0.1:${(own.address() as AddressInfo).port}/v1/attestationData`);
  } finally {
    own.closeAllConnections();
    own.close();
  }
}
