import { expect, it } from 'vitest';
import { allKeysOf, devicesOf, forgetUnused, removeDevice } from '../../examples/keys.js';
import { newKey } from '../../src/conformance/new-key.js';
import { memoryStores } from '../../src/server/index.js';
import { createBackend } from '../support/backend.js';

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);

async function backendOf(...changes: Parameters<typeof newKey>[0][]) {
  const stores = memoryStores();
  const keys = changes.map((change) => newKey({ subject: 'alice', receipt: Uint8Array.of(1), ...change }));
  for (const key of keys) await stores.keys.insert(key);
  return { appAttest: createBackend(stores), ids: keys.map(({ keyId }) => keyId) };
}

it('the example lists all keys of a user', async () => {
  const { appAttest, ids } = await backendOf(...Array.from({ length: 250 }, () => ({})), { subject: 'bob' });
  const listed: string[] = [];
  for await (const { keyId } of allKeysOf(appAttest, 'alice')) listed.push(keyId);
  expect(listed).toEqual(ids.slice(0, 250).toSorted());
});

it('the example lists the devices of a user, and removes a device only for its user', async () => {
  const { appAttest, ids } = await backendOf({ device: { osVersion: '27.0' }, lastUsedAt: daysAgo(1) }, {});
  const [keyId = '', revoked = ''] = ids;
  await appAttest.revoke(revoked);
  const device = { keyId, system: '27.0', since: expect.any(Date), lastUsed: expect.any(Date) };
  expect(await devicesOf(appAttest, 'alice')).toEqual([device]);
  expect(await removeDevice(appAttest, 'bob', keyId)).toBe(false);
  expect(await removeDevice(appAttest, 'alice', revoked)).toBe(false);
  expect(await removeDevice(appAttest, 'alice', keyId)).toBe(true);
  expect(await devicesOf(appAttest, 'alice')).toEqual([]);
  expect((await appAttest.key(revoked))?.revokedAt).toBeInstanceOf(Date);
});

it('the example deletes unused keys, but no revoked keys', async () => {
  const { appAttest, ids } = await backendOf(
    { createdAt: daysAgo(900), lastUsedAt: daysAgo(1) },
    { createdAt: daysAgo(900), lastUsedAt: daysAgo(500) },
    { createdAt: daysAgo(500) },
    { createdAt: daysAgo(1) },
    { createdAt: daysAgo(900) },
  );
  await appAttest.revoke(ids[4] ?? '');
  expect(await forgetUnused(appAttest, 'alice', daysAgo(365))).toBe(2);
  const left = (await appAttest.keysOf('alice')).map(({ keyId }) => keyId);
  expect(left).toEqual([ids[0], ids[3], ids[4]].toSorted());
});
