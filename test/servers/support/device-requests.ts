import type { VirtualDevice } from '../../../src/testing/index.js';
import { appId, apple, createDevice } from '../../support/backend.js';
import type { Addresses, StoreKind } from './store-kinds.js';
import type { WorkerOptions } from './worker.js';
import { type Outcome, WorkerProcess } from './worker-process.js';

/** Starts four server processes on the same data. */
export async function startWorkers(
  kind: StoreKind,
  addresses: Addresses,
  options: Partial<WorkerOptions> = {},
): Promise<WorkerProcess[]> {
  return Promise.all(Array.from({ length: 4 }, () => startWorker(kind, addresses, options)));
}

export function startWorker(kind: StoreKind, addresses: Addresses, options: Partial<WorkerOptions> = {}) {
  const trustAnchors = apple.trustAnchors.map(String);
  return WorkerProcess.start({ kind, addresses, appId, trustAnchors, counterWindow: 0, clockAhead: 0, ...options });
}

/** A device with one key. It creates registrations and requests with challenges from a server process. */
export class Client {
  readonly #device: VirtualDevice;
  readonly keyId: string;

  static async create(): Promise<Client> {
    const device = await createDevice();
    return new Client(device, await device.generateKey());
  }

  private constructor(device: VirtualDevice, keyId: string) {
    this.#device = device;
    this.keyId = keyId;
  }

  async registration(worker: WorkerProcess) {
    const challenge = textOf(await worker.call('issueChallenge', 'attestation'));
    return this.#device.capacitor.createAttestation({ keyId: this.keyId, challenge });
  }

  async request(worker: WorkerProcess) {
    const payload = textOf(await worker.call('issueChallenge', 'assertion'));
    return this.#device.capacitor.createAssertion({ keyId: this.keyId, payload });
  }
}

function textOf(outcome: Outcome): string {
  if ('result' in outcome && typeof outcome.result === 'string') return outcome.result;
  throw new Error(`the server issued no challenge: ${JSON.stringify(outcome)}`);
}

/** Counts equal outcomes: `'accepted'`, an error code, or the message of another error. */
export function tally(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) {
    const answer = 'result' in outcome ? 'accepted' : 'refused' in outcome ? outcome.refused : outcome.failed;
    counts[answer] = (counts[answer] ?? 0) + 1;
  }
  return counts;
}
