import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { forBrowsers } from '../../../inspector.config.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Bundles a module and the core into one script, in the same way as the inspector page. */
export async function bundleForPage(entry: string): Promise<string> {
  const built = await build({
    ...forBrowsers,
    configFile: false,
    logLevel: 'error',
    root: here('.'),
    resolve: { alias: { ...forBrowsers.resolve.alias, 'app-attest': here('../../../src/index.ts') } },
    build: {
      ...forBrowsers.build,
      write: false,
      minify: false,
      rolldownOptions: { ...forBrowsers.build.rolldownOptions, input: here(entry) },
    },
  });
  if (Array.isArray(built) || !('output' in built) || built.output.length > 1)
    throw new Error('the bundle is not one script');
  return built.output[0].code;
}
