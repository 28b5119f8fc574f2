import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import { expect, it } from 'vitest';
import { attestationFixture, attestationOptions, fixture } from '../support/recordings.js';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const requirePackage = createRequire(join(dist, 'index.cjs'));

/** Loads a CommonJS module as Jest does: in a function that cannot call `import()`. */
function load(file: string, loaded = new Map<string, { exports: unknown }>()): unknown {
  const known = loaded.get(file);
  if (known) return known.exports;
  const module: { exports: unknown } = { exports: {} };
  loaded.set(file, module);
  const require = (name: string): unknown => {
    return name.startsWith('.') ? load(join(dirname(file), name), loaded) : requirePackage(name);
  };
  compileFunction(readFileSync(file, 'utf8'), ['exports', 'module', 'require'])(module.exports, module, require);
  return module.exports;
}

type Core = typeof import('../../src/index.js');

it('the package verifies an attestation and its receipt if CommonJS code cannot call import()', async () => {
  await expect(compileFunction("return import('pkijs')")()).rejects.toThrow('dynamic import callback');
  const { verifyAttestation, verifyReceipt } = load(join(dist, 'index.cjs')) as Core;
  const { receipt, publicKey, appId, environment } = await verifyAttestation(
    attestationOptions(attestationFixture('apple-guide-2026')),
  );
  const date = new Date(attestationFixture('apple-guide-2026').attestation.validAt);
  const verified = await verifyReceipt({ receipt, publicKey, appId, environment, date });
  expect(verified.type).toBe('ATTEST');
});

it('the package signs the token for a receipt request if CommonJS code cannot call import()', async () => {
  const { generateKeyPairSync } = await import('node:crypto');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { refreshReceipt } = load(join(dist, 'index.cjs')) as Core;
  let authorization: string | null = null;
  const refreshed = refreshReceipt({
    receipt: fixture('apple-guide-2026').attestation?.object ?? '',
    environment: 'production',
    credentials: {
      teamId: 'TEAMID1234',
      keyId: 'KEYID12345',
      privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
    fetch: async (_input, init) => {
      authorization = new Headers(init?.headers).get('authorization');
      return new Response('', { status: 503 });
    },
  });
  await expect(refreshed).rejects.toMatchObject({ name: 'AppAttestError' });
  expect(authorization).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
});
