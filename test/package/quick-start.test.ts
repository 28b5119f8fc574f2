import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Child, freePort } from '../servers/support/child.js';
import { pack, project, run } from './packed.js';

const page = readFileSync(join(project, 'docs/quick-start.md'), 'utf8');

/** The code blocks of the page in one language. */
const blocks = (language: string): string[] => {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code = '']) => code);
};

/** The name of each file that the page creates, and its content. */
const files = [...page.matchAll(/^Create `([\w.]+)`[^`]*?(?:`[^`]+`[^`]*?)*?:\n\n```js\n(.*?)^```$/gms)].map(
  ([, name = '', content = '']): [string, string] => [name, content],
);

const APP = 'attested.js';
/** A command of the app. It needs the folder of an iOS app. */
const NOT_RUN = 'npx cap sync ios';

let folder: string;
let shop: string;
let app: string;
let tarball: string;

/** Runs the commands of a block in a folder. The package itself is not in the registry yet, so npm installs the tarball. */
async function runBlock(cwd: string, block = ''): Promise<string> {
  let output = '';
  for (const command of block.trim().split('\n')) {
    if (command === NOT_RUN) continue;
    const words = command.split(' ').map((word) => (word === 'app-attest' ? tarball : word));
    output += await run(cwd, words[0] ?? '', ...words.slice(1));
  }
  return output;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'app-attest-quick-start-'));
  [shop, app] = [join(folder, 'shop'), join(folder, 'app')];
  await mkdir(shop);
  await mkdir(app);
  ({ tarball } = await pack(folder));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('docs/quick-start.md', () => {
  const [install, start, order, installVitest, test, installPlugin, ...others] = blocks('sh');

  it('shows the files of examples/quick-start/', async () => {
    expect(files.map(([name]) => name)).toEqual(['backend.js', 'server.js', 'backend.test.js', APP]);
    for (const [name, content] of files) {
      expect(content, name).toBe(await readFile(join(project, 'examples/quick-start', name), 'utf8'));
    }
    expect(blocks('js')).toHaveLength(files.length);
    expect(others).toEqual([]);
  });

  it('creates a server that rejects a script, in less than ten minutes', async () => {
    const begin = performance.now();
    await runBlock(shop, install);
    for (const [name, content] of files.filter(([name]) => name !== APP)) await writeFile(join(shop, name), content);

    const port = await freePort();
    const [command = '', ...args] = (start ?? '').trim().split(' ');
    const server = new Child(command, args, { cwd: shop, env: { PATH: process.env['PATH'], PORT: String(port) } });
    try {
      await server.until(() => fetch(`http://localhost:${port}`));
      const [expected = ''] = blocks('text');
      const [json, url = ''] = [/'(.*)'/.exec(order ?? '')?.[1] ?? '', (order ?? '').trim().split(' ').at(-1)];
      expect(order).toBe(`curl --json '${json}' ${url}\n`);
      const sent = url.replace('localhost:3000', `localhost:${port}`);
      expect(await run(shop, 'curl', '--silent', '--json', json, sent)).toBe(expected.trim());
      expect(server.output).toContain('protected assertion_missing');
    } finally {
      await server.end('SIGKILL');
    }

    await runBlock(shop, installVitest);
    expect(await runBlock(shop, test)).toContain('2 passed');
    const seconds = (performance.now() - begin) / 1000;
    console.log(`docs/quick-start.md: server and test in ${seconds.toFixed(0)} s, without the time to read and to type`);
    expect(seconds).toBeLessThan(300);
  });

  it('has a test that fails if the route is not protected', async () => {
    const backend = join(shop, 'backend.js');
    const original = await readFile(backend, 'utf8');
    await writeFile(backend, original.replace("'/orders', protect,", "'/orders', express.json(),").replace('response.locals', '({ appAttest: { key: {} } })'));
    const outcome = await runBlock(shop, test).then(
      () => 'passed',
      () => 'failed',
    );
    await writeFile(backend, original);
    expect(outcome).toBe('failed');
  });

  it('creates an app with the types of the plugin, which a bundler can bundle', async () => {
    await runBlock(app, 'npm init -y\nnpm pkg set type=module');
    await runBlock(app, installPlugin);
    const [, content = ''] = files.find(([name]) => name === APP) ?? [];
    await writeFile(join(app, APP), content);
    const tsc = join(project, 'node_modules/.bin/tsc');
    const options = ['--allowJs', '--checkJs', '--noEmit', '--strict', '--noImplicitAny', 'false', '--skipLibCheck'];
    const modules = ['--module', 'ESNext', '--moduleResolution', 'Bundler', '--target', 'ES2022', '--lib', 'ES2022,DOM'];
    await run(app, tsc, ...options, ...modules, APP);
    const bundle = { bundle: true, write: false, format: 'esm', platform: 'browser', logLevel: 'silent' } as const;
    const { outputFiles } = await build({ ...bundle, absWorkingDir: app, entryPoints: [APP] });
    expect(outputFiles[0]?.text).toContain('X-App-Attest-Assertion'.toLowerCase());
  });
});
