import { rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { defineConfig, type Options } from 'tsup';
import { thirdPartyNotices } from './scripts/third-party-notices.js';
import { migrations } from './src/stores/postgres/migrations.js';

type Plugin = NonNullable<Options['plugins']>[number];

const entry = {
  index: 'src/index.ts',
  server: 'src/server/index.ts',
  'server/conformance': 'src/conformance/index.ts',
  http: 'src/http/index.ts',
  express: 'src/http/express.ts',
  fastify: 'src/http/fastify.ts',
  hono: 'src/http/hono.ts',
  redis: 'src/stores/redis/index.ts',
  postgres: 'src/stores/postgres/index.ts',
  testing: 'src/testing/index.ts',
};

const shared: Options = {
  target: 'node20',
  // Packages under devDependencies that src/ imports become part of dist/. Installed, cbor-x would bring an install script
  // that compiles native code, and @peculiar/x509, which only app-attest/testing needs, a second tslib and 20 packages.
  esbuildPlugins: [thirdPartyNotices('dist/THIRD-PARTY-NOTICES.txt')],
  dts: { entry },
  sourcemap: true,
  // What the entries share is one module in CommonJS too, so that there is one AppAttestError.
  splitting: true,
  // Deno and Workers know Node's modules by their node: names only.
  removeNodeProtocol: false,
};

/** For migration tools that read files. */
async function writeMigrations(): Promise<void> {
  await mkdir('dist/migrations', { recursive: true });
  for (const { version, name, sql } of migrations) {
    await writeFile(`dist/migrations/${String(version).padStart(4, '0')}-${name}.sql`, `${sql};\n`);
  }
}

/**
 * What CommonJS loads later, it requires: `import()` needs a flag where code runs in a context of its own, as in Jest.
 * Line by line, so that source maps stay right.
 */
const requireLater: Plugin = {
  name: 'require-later',
  renderChunk(code, { map }) {
    return {
      code: code.replaceAll(/\bimport\((["'][^"']+["'])\)/g, 'Promise.resolve().then(() => require($1))'),
      map: map ?? null,
    };
  },
};

// Once for both formats: each would clean away what the other has written.
rmSync('dist', { recursive: true, force: true });

export default defineConfig([
  // For Node.js, which takes half a millisecond for each file: as few as there can be.
  { ...shared, format: 'esm', entry: { ...entry, cli: 'src/cli/index.ts' }, onSuccess: writeMigrations },
  {
    ...shared,
    // For bundlers (the condition `module`), so that the index only passes on what stands in modules of its own: they leave
    // out those that are not needed.
    format: 'esm',
    outDir: 'dist/modules',
    dts: false,
    entry: {
      ...entry,
      'core/inspect-assertion': 'src/explain/inspect-assertion.ts',
      'core/inspect-attestation': 'src/explain/inspect-attestation.ts',
      'core/inspect-receipt': 'src/explain/inspect-receipt.ts',
      'core/receipt-due': 'src/receipt/receipt-due.ts',
      'core/refresh-receipt': 'src/receipt/refresh-receipt.ts',
      'core/validation-category': 'src/authenticator-data/validation-category.ts',
      'core/verify-assertion': 'src/assertion/verify-assertion.ts',
      'core/verify-attestation': 'src/attestation/verify-attestation.ts',
      'core/verify-receipt': 'src/receipt/verify-receipt.ts',
    },
  },
  {
    ...shared,
    format: 'cjs',
    entry,
    // Rollup writes CommonJS as it stands; the transform that tsup takes without it rewrites `?.` and `??`.
    treeshake: true,
    plugins: [requireLater],
    // It is an ES module, which neither Jest nor Node.js before 22.12 can require.
    noExternal: ['jose'],
  },
]);
