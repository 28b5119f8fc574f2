import { mkdir, writeFile } from 'node:fs/promises';
import { defineConfig } from 'tsup';
import { migrations } from './src/stores/postgres/migrations.js';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    server: 'src/server/index.ts',
    'server/conformance': 'src/server/conformance/index.ts',
    http: 'src/http/index.ts',
    express: 'src/http/express.ts',
    fastify: 'src/http/fastify.ts',
    hono: 'src/http/hono.ts',
    redis: 'src/stores/redis/index.ts',
    postgres: 'src/stores/postgres/index.ts',
    testing: 'src/testing/index.ts',
  },
  // What the entries share is one module in CommonJS too, so that there is one AppAttestError.
  splitting: true,
  // Rollup writes CommonJS as it stands; the transform that tsup takes without it rewrites `?.` and `??`.
  treeshake: true,
  format: ['esm', 'cjs'],
  target: 'node20',
  dts: true,
  clean: true,
  sourcemap: true,
  // Deno and Workers know Node's modules by their node: names only.
  removeNodeProtocol: false,
  // For migration tools that read files.
  async onSuccess() {
    await mkdir('dist/migrations', { recursive: true });
    for (const { version, name, sql } of migrations) {
      await writeFile(`dist/migrations/${String(version).padStart(4, '0')}-${name}.sql`, `${sql};\n`);
    }
  },
});
