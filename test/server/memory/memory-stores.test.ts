import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { newKey } from '../../../src/conformance/new-key.js';
import { memoryStores } from '../../../src/server/index.js';
import { memoryInUse } from '../../support/cost.js';

const record = (lifetime: number) => ({ purpose: 'assertion' as const, expiresAt: new Date(Date.now() + lifetime) });

describe('challenges in memory', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are deleted when they expire, and the method fate reports them for a limited time', async () => {
    const { challenges } = memoryStores();
    for (const challenge of ['used', 'left']) await challenges.put(challenge, record(1000));
    await challenges.take('used');
    vi.advanceTimersByTime(999);
    expect(await challenges.fate?.('left')).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(await challenges.take('left')).toBeUndefined();
    expect(await challenges.fate?.('left')).toBe('expired');
    expect(await challenges.fate?.('used')).toBe('used');
    vi.advanceTimersByTime(1000);
    expect(await challenges.fate?.('left')).toBeUndefined();
    expect(await challenges.fate?.('used')).toBeUndefined();
  });

  it('stay expired if the clock is set back', async () => {
    const { challenges } = memoryStores();
    await challenges.put('challenge', record(1000));
    vi.advanceTimersByTime(1000);
    vi.setSystemTime(Date.now() - 3_600_000);
    expect(await challenges.take('challenge')).toBeUndefined();
  });

  it('are limited in number, and the oldest challenge is deleted first', async () => {
    const { challenges } = memoryStores({ maxChallenges: 3 });
    for (const challenge of ['1', '2', '3', '4']) await challenges.put(challenge, record(1000));
    expect(await challenges.take('1')).toBeUndefined();
    for (const challenge of ['2', '3', '4']) expect(await challenges.take(challenge)).toBeDefined();
  });

  it('do not change if the caller changes the object that was put', async () => {
    const { challenges } = memoryStores();
    const put = record(1000);
    const expiresAt = new Date(put.expiresAt);
    await challenges.put('challenge', put);
    put.expiresAt.setFullYear(2100);
    expect((await challenges.take('challenge'))?.expiresAt).toEqual(expiresAt);
  });

  it('free their memory when they are deleted', async () => {
    const { challenges } = memoryStores();
    const before = memoryInUse();
    for (let index = 0; index < 50_000; index += 1) await challenges.put(`challenge ${index}`, record(1000));
    const full = memoryInUse();
    vi.advanceTimersByTime(2000);
    await challenges.put('another', record(1000));
    expect(memoryInUse() - before).toBeLessThan((full - before) / 2);
  });

  it('no longer count toward the limit when they are deleted', async () => {
    const { challenges } = memoryStores({ maxChallenges: 2 });
    await challenges.put('1', record(1000));
    vi.advanceTimersByTime(2000);
    await challenges.put('2', record(1000));
    await challenges.put('3', record(1000));
    for (const challenge of ['2', '3']) expect(await challenges.take(challenge)).toBeDefined();
  });
});

/** Returns the memory in use after garbage collection. Waits, because the engine frees array buffers on another thread. */
async function memoryAfterSweep(): Promise<number> {
  memoryInUse();
  await setTimeout(100);
  return memoryInUse();
}

it('a full store of keys rejects further keys, and deletes none', async () => {
  const { keys } = memoryStores({ maxKeys: 2 });
  const [first, second, third] = [newKey(), newKey(), newKey()];
  await keys.insert(first);
  await keys.insert(second);
  await keys.revoke(first.keyId);
  await expect(keys.insert(third)).rejects.toThrow('full');
  expect(await keys.insert(first)).toBe(false);
  expect((await keys.find(first.keyId))?.revokedAt).toBeInstanceOf(Date);
  const { receipt: _, ...stored } = second;
  expect(await keys.find(second.keyId)).toEqual(stored);

  await keys.remove(first.keyId);
  expect(await keys.insert(third)).toBe(true);
});

describe('keys in memory', () => {
  it('free their memory when they are removed', async () => {
    const { keys } = memoryStores();
    const before = await memoryAfterSweep();
    const inserted = Array.from({ length: 2000 }, (_, index) => newKey({ subject: `user ${index}` }));
    for (const key of inserted) await keys.insert(key);
    const full = await memoryAfterSweep();
    for (const { keyId } of inserted.splice(0)) await keys.remove(keyId);
    expect((await memoryAfterSweep()) - before).toBeLessThan((full - before) / 4);
  });

  it('keep only their latest receipt, regardless of the number of refreshes', async () => {
    const { keys } = memoryStores();
    const key = newKey();
    await keys.insert(key);
    const before = await memoryAfterSweep();
    for (let round = 0; round < 1000; round += 1) {
      await keys.saveReceipt(key.keyId, { receipt: new Uint8Array(65_536), receiptDueAt: new Date(0) });
      await keys.due(new Date(), 1000, new Date(0));
    }
    expect((await memoryAfterSweep()) - before).toBeLessThan(5_000_000);
  });

  it('do not change if the caller changes the objects that it passed', async () => {
    const { keys } = memoryStores();
    const key = newKey({ receiptDueAt: new Date(1000) });
    await keys.insert(key);
    const use = { usedAt: new Date(5000), extensions: { bundleVersion: '1' } };
    await keys.advance(key.keyId, 1, 0, use);
    use.usedAt.setTime(0);
    use.extensions.bundleVersion = '2';
    key.receiptDueAt?.setTime(9000);
    const claimedUntil = new Date(2000);
    expect(await keys.due(new Date(1000), 1, claimedUntil)).toEqual([key.keyId]);
    claimedUntil.setTime(0);
    expect(await keys.due(new Date(1999), 1, claimedUntil)).toEqual([]);
    const expected = { lastUsedAt: new Date(5000), extensions: { bundleVersion: '1' }, receiptDueAt: new Date(1000) };
    expect(await keys.find(key.keyId)).toMatchObject(expected);
    const revokedAt = new Date(7000);
    await keys.revoke(key.keyId, revokedAt);
    revokedAt.setTime(0);
    expect((await keys.find(key.keyId))?.revokedAt).toEqual(new Date(7000));
  });
});

it('a key in memory keeps the bytes of its receipt, and not the buffer that the receipt is a part of', async () => {
  const { keys } = memoryStores();
  const before = memoryInUse();
  for (let index = 0; index < 100; index += 1) {
    await keys.insert(newKey({ receipt: Buffer.alloc(100_000).subarray(0, 4000) }));
  }
  // Garbage collection frees the memory of buffers with a delay.
  await vi.waitUntil(() => memoryInUse() - before < 2_000_000, { timeout: 5000, interval: 10 });
});
