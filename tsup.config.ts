import { rmSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { defineConfig, type Options } from 'tsup';
import { thirdPartyNotices } from './scripts/third-party-notices.js';
import { type Migration, migrations } from './src/stores/postgres/migrations.js';
import { type SqliteMigration, sqliteMigrations } from './src/stores/sqlite/sqlite-migrations.js';

type Plugin = NonNullable<Options['plugins']>[number];
type EsbuildPlugin = NonNullable<Options['esbuildPlugins']>[number];

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
  session: 'src/session/index.ts',
  sqlite: 'src/stores/sqlite/index.ts',
  testing: 'src/testing/index.ts',
};

/**
 * Lets tsyringe, a dependency of @peculiar/x509, load the polyfill that it needs. In a module that several entries share, esbuild
 * may otherwise put the polyfill behind tsyringe.
 */
const polyfillBeforeTsyringe: EsbuildPlugin = {
  name: 'polyfill-before-tsyringe',
  setup(build) {
    build.onLoad({ filter: /[\\/]tsyringe[\\/]dist[\\/]esm5[\\/]index\.js$/ }, async ({ path }) => {
      return { contents: `import 'reflect-metadata';\n${await readFile(path, 'utf8')}` };
    });
  },
};

const shared: Options = {
  target: 'node20',
  // Packages under devDependencies that src/ imports become part of dist/. As a dependency, cbor-x would run an install
  // script that compiles native code. @peculiar/x509 would install a second tslib and 20 packages, and only
  // app-attest/testing and two commands need it.
  esbuildPlugins: [thirdPartyNotices('dist/THIRD-PARTY-NOTICES.txt'), polyfillBeforeTsyringe],
  dts: { entry },
  // Code that several entries use is in one shared module, also in CommonJS. So there is only one class AppAttestError.
  splitting: true,
  // Deno and Workers find the modules of Node.js only by names with the prefix node:.
  removeNodeProtocol: false,
};

/**
 * Browser engines and React Native load the client, so its syntax is older than that of the other entries. A page may load it
 * without a bundler, so it is minified.
 */
const client: Options = {
  target: 'es2020',
  platform: 'browser',
  minify: true,
  entry: { client: 'src/client/index.ts' },
};

/** Writes the migrations to files, for migration tools that read files. */
async function writeMigrations(): Promise<void> {
  await mkdir('dist/migrations/sqlite', { recursive: true });
  const write = async (folder: string, { version, name, sql }: SqliteMigration | Migration) =>
    writeFile(`${folder}/${String(version).padStart(4, '0')}-${name}.sql`, `${sql};\n`);
  for (const migration of migrations) await write('dist/migrations', migration);
  for (const migration of sqliteMigrations) await write('dist/migrations/sqlite', migration);
}

/**
 * Replaces `import()` with `require()` in CommonJS. `import()` needs a flag of Node.js if code runs in a separate context, as
 * in Jest.
 */
const requireLater: Plugin = {
  name: 'require-later',
  renderChunk: (code) => ({
    code: code.replaceAll(/\bimport\((["'][^"']+["'])\)/g, 'Promise.resolve().then(() => require($1))'),
  }),
};

// The folder is deleted here, once. With the option `clean`, each build would delete the files of the other builds.
rmSync('dist', { recursive: true, force: true });

export default defineConfig([
  // For Node.js: as few files as possible, because Node.js takes half a millisecond to load each file.
  { ...shared, format: 'esm', entry: { ...entry, cli: 'src/cli/index.ts' }, onSuccess: writeMigrations },
  {
    ...shared,
    // For bundlers (the export condition `module`): many modules, so that a bundler can omit unused modules. The index only
    // exports from these modules.
    format: 'esm',
    outDir: 'dist/modules',
    dts: false,
    entry: {
      ...entry,
      'core/explain-assertion': 'src/explain/explain-assertion.ts',
      'core/explain-attestation': 'src/explain/explain-attestation.ts',
      'core/explain-receipt': 'src/explain/explain-receipt.ts',
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
    // With `treeshake`, Rollup writes the CommonJS and keeps `?.` and `??`. Without it, tsup would compile these operators.
    treeshake: true,
    plugins: [requireLater],
    // jose is an ES module. Jest and Node.js before 22.12 cannot require ES modules.
    noExternal: ['jose'],
  },
  { ...client, format: 'esm', dts: true },
  { ...client, format: 'esm', outDir: 'dist/modules' },
  { ...client, format: 'cjs', dts: true },
]);
