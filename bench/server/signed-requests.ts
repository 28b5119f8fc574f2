import { randomBytes } from 'node:crypto';
import { createAppAttest, memoryStores, type NewKey } from 'app-attest/server';
import { createVirtualApple, type VirtualDevice } from 'app-attest/testing';

export const APP_ID = 'TEAMID1234.com.example.coffee';
export const BODY = '{"item":"coffee","size":"large","note":"as always, to the desk at the window"}';

/**
 * A multiple of the usual numbers of connections. All requests of a device then go over the same connection, so they arrive in
 * order.
 */
const DEVICES = 100;
const IN_PARALLEL = 16;

interface Signer {
  readonly device: VirtualDevice;
  readonly keyId: string;
}

/**
 * Signed requests of 100 devices, which take turns. The requests are signed once, before a measurement. The stores of all
 * services contain the same challenges and keys, so all services can receive the same requests.
 */
export class SignedRequests {
  readonly trustAnchor: string;
  /** The registered keys, with their receipts. Their counters are 0. */
  readonly keys: readonly NewKey[];
  readonly #signers: readonly Signer[];
  readonly #challenges: string[] = [];
  readonly #requests: Buffer[] = [];

  static async create(): Promise<SignedRequests> {
    const apple = await createVirtualApple();
    const trustAnchor = apple.trustAnchors.join('');
    const appAttest = createAppAttest({ appId: APP_ID, trustAnchors: apple.trustAnchors, ...memoryStores() });
    const signers: Signer[] = [];
    const keys: NewKey[] = [];
    while (signers.length < DEVICES) {
      const device = await apple.createDevice({ appId: APP_ID });
      const keyId = await device.generateKey();
      const { challenge } = await appAttest.issueChallenge({ purpose: 'attestation' });
      const key = await appAttest.register(await device.capacitor.createAttestation({ keyId, challenge }));
      const receipt = await appAttest.receipt(keyId);
      signers.push({ device, keyId });
      keys.push({ ...key, ...(receipt && { receipt }) });
    }
    return new SignedRequests(trustAnchor, keys, signers);
  }

  private constructor(trustAnchor: string, keys: readonly NewKey[], signers: readonly Signer[]) {
    this.trustAnchor = trustAnchor;
    this.keys = keys;
    this.#signers = signers;
  }

  /** The number of requests that can be sent without signing more. */
  get signedSoFar(): number {
    return this.#requests.length;
  }

  /** The challenges of the requests from `start` to `end`. */
  async challenges(start: number, end: number): Promise<string[]> {
    while (this.#requests.length < end) {
      const fresh = Array.from({ length: IN_PARALLEL }, () => randomBytes(32).toString('base64url'));
      this.#requests.push(...(await this.sign(this.#requests.length, fresh)));
      this.#challenges.push(...fresh);
    }
    return this.#challenges.slice(start, end);
  }

  /** The requests from `start` to `end`. Call `challenges` first, because it signs them. */
  requests(start: number, end: number): Buffer[] {
    return this.#requests.slice(start, end);
  }

  /** Signs one request for each of the challenges, which a service issued. */
  async sign(start: number, challenges: readonly string[]): Promise<Buffer[]> {
    const requests: Buffer[] = [];
    for (let index = 0; index < challenges.length; index += IN_PARALLEL) {
      const batch = challenges.slice(index, index + IN_PARALLEL);
      requests.push(...(await Promise.all(batch.map((text, at) => this.signed(start + index + at, text)))));
    }
    return requests;
  }

  /** Signs one request with the key of the device whose turn it is. */
  async signed(turn: number, challenge: string): Promise<Buffer> {
    const signer = this.#signers[turn % this.#signers.length];
    if (!signer) throw new Error('there are no devices');
    const { device, keyId } = signer;
    return rawPost(
      '/orders',
      BODY,
      await device.signRequest({ method: 'POST', target: '/orders', body: BODY, challenge, keyId }),
    );
  }
}

/**
 * Distributes requests over connections, so that each device uses one connection.
 *
 * @param start The position of the first request among all signed requests
 */
export function queuesOf(requests: readonly Buffer[], start: number, connections: number): Iterator<Buffer>[] {
  const queues: Buffer[][] = Array.from({ length: connections }, () => []);
  for (const [index, request] of requests.entries()) queues[(start + index) % connections]?.push(request);
  return queues.map((queue) => queue.values());
}

/** The bytes of an HTTP request with a JSON body. */
export function rawPost(target: string, body: string, headers: Record<string, string> = {}): Buffer {
  const all = {
    host: '127.0.0.1',
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return Buffer.from([`POST ${target} HTTP/1.1`, ...lines, '', body].join('\r\n'));
}
