import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, it, vi } from 'vitest';
import { apple, createDevice, registration } from '../support/backend.js';

const folder = mkdtempSync(join(tmpdir(), 'app-attest-virtual-root-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'virtual-root.pem');
writeFileSync(file, apple.trustAnchors.join(''));

beforeEach(() => void vi.resetModules());
afterEach(() => void vi.unstubAllEnvs());

/** Loads the example, and registers a key of a virtual device. */
async function register() {
  const { appAttest } = await import('../../examples/virtual-root.js');
  return appAttest.register(await registration(appAttest, await createDevice()));
}

it('the example trusts a virtual iPhone if VIRTUAL_ROOT names a file with its root', async () => {
  vi.stubEnv('VIRTUAL_ROOT', file);
  await expect(register()).resolves.toMatchObject({ keyId: expect.any(String) });
});

it('the example trusts only Apple without VIRTUAL_ROOT', async () => {
  await expect(register()).rejects.toMatchObject({ code: 'untrusted_certificate' });
});

it('the example does not start in production with VIRTUAL_ROOT, unless APP_ATTEST_VIRTUAL is set', async () => {
  vi.stubEnv('VIRTUAL_ROOT', file);
  vi.stubEnv('NODE_ENV', 'production');
  const load = () => import('../../examples/virtual-root.js');
  await expect(load()).rejects.toMatchObject({ code: 'invalid_argument' });
  vi.resetModules();
  vi.stubEnv('APP_ATTEST_VIRTUAL', 'allow');
  await expect(load()).resolves.toBeDefined();
});
