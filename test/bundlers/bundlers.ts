import { join } from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import replace from '@rollup/plugin-replace';
import { type BuildOptions, build } from 'esbuild';
import { type Plugin, rollup } from 'rollup';
import webpack, { type Configuration } from 'webpack';

export type Format = 'esm' | 'cjs';

/**
 * Writes a bundle of an entry and all its imports, except the modules of Node.js, into a folder. {@link mainFile} is the file
 * to run.
 */
export type Bundler = (entry: string, format: Format, folder: string) => Promise<void>;

export function mainFile(format: Format): string {
  return `main.${extension(format)}`;
}

function extension(format: Format): string {
  return format === 'esm' ? 'mjs' : 'cjs';
}

/**
 * A banner that defines `require` in an ES module. CommonJS code in the bundle needs it, because esbuild does not translate
 * `require('node:crypto')`.
 */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

function withEsbuild(settings: BuildOptions): Bundler {
  return async (entry, format, folder) => {
    const banner = format === 'esm' && entry.endsWith('.cjs') ? { js: REQUIRE } : {};
    const outfile = join(folder, mainFile(format));
    const options = { bundle: true, platform: 'node', format, banner, logLevel: 'silent' } as const;
    const { warnings } = await build({ entryPoints: [entry], outfile, ...options, ...settings });
    if (warnings.length > 0) throw new Error(warnings.map(({ text }) => text).join('\n'));
  };
}

function withRollup(...plugins: readonly Plugin[]): Bundler {
  return async (entry, format, folder) => {
    const bundle = await rollup({
      input: entry,
      plugins: [nodeResolve({ exportConditions: ['node'], preferBuiltins: true }), commonjs(), ...plugins],
      external: /^node:/,
      onLog: (_level, { message }) => {
        throw new Error(message);
      },
    });
    await bundle.write({ dir: folder, format, entryFileNames: mainFile(format) });
    await bundle.close();
  };
}

function withWebpack(settings: Configuration): Bundler {
  return async (entry, format, folder) => {
    const isModule = format === 'esm';
    const configuration: Configuration = {
      mode: 'production',
      target: 'node20',
      entry,
      ...settings,
      output: {
        path: folder,
        filename: `[name].${extension(format)}`,
        chunkFilename: `[id].${extension(format)}`,
        library: { type: isModule ? 'module' : 'commonjs2' },
        ...(isModule && { module: true, chunkFormat: 'module' }),
      },
      experiments: { outputModule: isModule },
    };
    const stats = await new Promise<webpack.Stats | null | undefined>((resolve, reject) => {
      webpack(configuration, (error, result) => (error ? reject(error) : resolve(result)));
    });
    if (!stats || stats.hasErrors() || stats.hasWarnings()) throw new Error(stats?.toString());
  };
}

export const bundlers: Readonly<Record<string, Bundler>> = {
  esbuild: withEsbuild({}),
  Rollup: withRollup(),
  webpack: withWebpack({ optimization: { minimize: false } }),
  // Next.js bundles a route handler for Node.js in this way. It minifies all packages and splits them into chunks, sets the
  // export condition for server components, and replaces NODE_ENV with its value.
  'webpack set up like Next.js': withWebpack({
    resolve: { conditionNames: ['react-server', '...'] },
    optimization: { splitChunks: { chunks: 'all', minSize: 1 } },
    plugins: [
      new webpack.DefinePlugin({ 'process.env.NODE_ENV': '"production"', 'process.env.NEXT_RUNTIME': '"nodejs"' }),
    ],
  }),
};

/** Environment variables of a developer's machine. Some bundlers insert such values into the bundle. */
const VARIABLES = { 'process.env.NODE_ENV': '"development"', 'process.env.APP_ATTEST_VIRTUAL': '"allow"' };
const ENVIRONMENT = { 'process.env': '({ NODE_ENV: "development", APP_ATTEST_VIRTUAL: "allow" })' };
/** {@link ENVIRONMENT} as JSON. esbuild accepts only JSON or a name as the value of a definition. */
const ENVIRONMENT_AS_JSON = { 'process.env': '{"NODE_ENV":"development","APP_ATTEST_VIRTUAL":"allow"}' };

function webpackDefining(values: Record<string, string>): Bundler {
  // Disables webpack's own definition of NODE_ENV, which would contradict these definitions.
  return withWebpack({
    optimization: { nodeEnv: false, minimize: false },
    plugins: [new webpack.DefinePlugin(values)],
  });
}

/** Bundlers that replace `process.env`, or single variables of it, with values from the build machine. */
export const bundlersThatWriteTheEnvironment: Readonly<Record<string, Bundler>> = {
  'webpack for development': withWebpack({ mode: 'development', devtool: false }),
  'webpack that defines variables': webpackDefining(VARIABLES),
  'webpack that defines process.env': webpackDefining(ENVIRONMENT),
  'esbuild that defines variables, minified': withEsbuild({ define: VARIABLES, minify: true }),
  'esbuild that defines process.env, minified': withEsbuild({ define: ENVIRONMENT_AS_JSON, minify: true }),
  'Rollup that replaces variables': withRollup(replace({ values: VARIABLES, preventAssignment: true })),
  'Rollup that replaces process.env': withRollup(replace({ values: ENVIRONMENT, preventAssignment: true })),
};
