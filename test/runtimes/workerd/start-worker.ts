import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { Miniflare } from 'miniflare';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const built = (name: string): string => here(`../../../dist/${name}.js`);

/**
 * Bundles a worker in this folder as Cloudflare's own tool does: in one module, with the browser builds of packages, and without Node's
 * modules.
 */
export async function bundleWorker(entry = 'worker.ts'): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [here(entry)],
    alias: {
      'app-attest/hono': built('hono'),
      'app-attest/http': built('http'),
      'app-attest/server': built('server'),
      'app-attest': built('index'),
    },
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2024',
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['node:*', 'cloudflare:*'],
    logLevel: 'error',
  });
  const [output] = outputFiles;
  if (!output) throw new Error('esbuild returned no output file');
  return output.text;
}

/** Starts workerd with Node compatibility and the given environment variables. */
export function startWorker(
  script: string,
  bindings: Readonly<Record<string, string>> = {},
  compatibilityDate = '2026-07-01',
): Miniflare {
  return new Miniflare({
    modules: true,
    script,
    bindings: { ...bindings },
    compatibilityDate,
    compatibilityFlags: ['nodejs_compat'],
  });
}
