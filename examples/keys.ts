import type { AppAttest, StoredKey } from 'app-attest/server';

/** Returns all keys of a user. Reads them page by page. */
export async function* allKeysOf(appAttest: AppAttest, userId: string): AsyncGenerator<StoredKey> {
  let page = await appAttest.keysOf(userId);
  while (page.length > 0) {
    yield* page;
    page = await appAttest.keysOf(userId, { after: page.at(-1)?.keyId });
  }
}

/** Returns the data for a page "Your devices". The page does not show revoked keys. */
export async function devicesOf(appAttest: AppAttest, userId: string) {
  const devices = [];
  for await (const { keyId, device, createdAt, lastUsedAt, revokedAt } of allKeysOf(appAttest, userId)) {
    if (!revokedAt) devices.push({ keyId, system: device.osVersion, since: createdAt, lastUsed: lastUsedAt });
  }
  return devices;
}

/** Removes a device from the page "Your devices". The key is deleted, not revoked, so the device can register the key again. */
export async function removeDevice(appAttest: AppAttest, userId: string, keyId: string): Promise<boolean> {
  const key = await appAttest.key(keyId);
  return key?.subject === userId && !key.revokedAt && appAttest.forget(keyId);
}

/**
 * Deletes keys of a user. Keeps revoked keys, and keys that were registered or used since the given date. Call it once a month,
 * for example.
 */
export async function forgetUnused(appAttest: AppAttest, userId: string, since: Date): Promise<number> {
  let count = 0;
  for await (const { keyId, createdAt, lastUsedAt, revokedAt } of allKeysOf(appAttest, userId)) {
    const isUnused = (lastUsedAt ?? createdAt) < since;
    if (isUnused && !revokedAt && (await appAttest.forget(keyId))) count += 1;
  }
  return count;
}
