import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openSqlite } from '../../examples/sqlite.js';
import { backendWithDevice, createBackend } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

it('the example for SQLite keeps keys, counters, revocations and used challenges after a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'app-attest-sqlite-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'app-attest.db');
  const before = await openSqlite(path);
  const { backend, keyId, request } = await backendWithDevice(before.stores);
  const accepted = await request();
  expect((await backend.authenticate(accepted)).key.counter).toBe(1);
  const [waiting, late] = [await request(), await request()];
  before.client.close();

  const after = await openSqlite(path);
  onTestFinished(() => after.client.close());
  const restarted = createBackend(after.stores);
  await expectCode(() => restarted.authenticate(accepted), 'challenge_used');
  expect((await restarted.authenticate(waiting)).key).toMatchObject({ keyId, counter: 2 });
  await restarted.revoke(keyId);
  await expectCode(() => restarted.authenticate(late), 'key_revoked');
});
