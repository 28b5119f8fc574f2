import { newKey } from '../../../src/conformance/new-key.js';
import type { KeyStore, StoredKey } from '../../../src/server/index.js';
import { type Addresses, openStores, PATIENCE, type StoreKind } from './store-kinds.js';

/**
 * The steps in the life of one key. Each step changes the key, so a test can detect a lost step. `left` is the state after the
 * step.
 */
export const LIFE: readonly {
  name: string;
  run: (keys: KeyStore, keyId: string) => Promise<boolean>;
  left: KeyState;
}[] = [
  {
    name: 'insert',
    run: (keys, keyId) => keys.insert(newKey({ keyId, receiptDueAt: new Date(1000) })),
    left: { receiptDueAt: 1000, isRevoked: false },
  },
  {
    name: 'bind',
    run: (keys, keyId) => keys.bind(keyId, 'user'),
    left: { subject: 'user', receiptDueAt: 1000, isRevoked: false },
  },
  {
    name: 'saveReceipt with an earlier due date',
    run: (keys, keyId) => keys.saveReceipt(keyId, { receiptDueAt: new Date(500), riskMetric: 1 }),
    left: { subject: 'user', receiptDueAt: 500, riskMetric: 1, isRevoked: false },
  },
  {
    name: 'saveReceipt without a due date',
    run: (keys, keyId) => keys.saveReceipt(keyId, { receiptDueAt: null, riskMetric: 2 }),
    left: { subject: 'user', riskMetric: 2, isRevoked: false },
  },
  {
    name: 'advance',
    run: (keys, keyId) => keys.advance(keyId, 7, 0),
    left: { subject: 'user', riskMetric: 2, isRevoked: false, counter: 7 },
  },
  {
    name: 'revoke',
    run: (keys, keyId) => keys.revoke(keyId, new Date(2000), 'user'),
    left: { subject: 'user', riskMetric: 2, isRevoked: true, counter: 7 },
  },
  { name: 'remove', run: (keys, keyId) => keys.remove(keyId, 'user'), left: {} },
];

/** The properties of a key that the steps change. Dates are in milliseconds since 1970. Empty if the key is not registered. */
export interface KeyState {
  subject?: string;
  receiptDueAt?: number;
  riskMetric?: number;
  counter?: number;
  isRevoked?: boolean;
}

export function stateOf(key: StoredKey | null | undefined): KeyState {
  if (!key) return {};
  return {
    ...(key.subject !== undefined && { subject: key.subject }),
    ...(key.receiptDueAt && { receiptDueAt: key.receiptDueAt.getTime() }),
    ...(key.riskMetric !== undefined && { riskMetric: key.riskMetric }),
    ...(key.counter > 0 && { counter: key.counter }),
    isRevoked: key.revokedAt !== undefined,
  };
}

/** Options of the process. */
export interface KeyLifeOptions {
  kind: StoreKind;
  addresses: Addresses;
  keyId: string;
}

/** A message of the process. `begin` is sent before a step, and `end` after the store has confirmed the step. */
export interface LifeEvent {
  event: 'begin' | 'end';
  step: number;
}

/** Repeats the life of one key, until the process is killed or the store fails. */
export async function live({ kind, addresses, keyId }: KeyLifeOptions, report: (event: LifeEvent) => Promise<void>) {
  const { stores } = await openStores(kind, addresses, PATIENCE);
  for (let step = 0; ; step += 1) {
    await report({ event: 'begin', step });
    if (!(await LIFE[step % LIFE.length]?.run(stores.keys, keyId))) throw new Error(`step ${step} changed nothing`);
    await report({ event: 'end', step });
  }
}
