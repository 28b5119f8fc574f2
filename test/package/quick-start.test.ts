import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVirtualApple } from '../../src/testing/index.js';
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
const PLUGIN = '@capgo/capacitor-app-attest';

const { PATH } = env;

let folder: string;
let shop: string;
let tarball: string;

/** Runs the commands of a block in a folder. The package itself is not in the registry yet, so npm installs the tarball. */
async function runBlock(cwd: string, block = ''): Promise<string> {
  let output = '';
  for (const command of block.trim().split('\n')) {
    const words = command.split(' ').map((word) => (word === 'app-attest' ? tarball : word));
    output += await run(cwd, words[0] ?? '', ...words.slice(1));
  }
  return output;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'app-attest-quick-start-'));
  shop = join(folder, 'shop');
  await mkdir(shop);
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
    const server = new Child(command, args, { cwd: shop, env: { PATH, PORT: String(port) } });
    try {
      await server.until(() => fetch(`http://localhost:${port}`));
      const [, json = '', url = ''] =
        /^curl -H 'Content-Type: application\/json' -d '(.*)' (\S+)\n$/.exec(order ?? '') ?? [];
      const sent = url.replace('localhost:3000', `localhost:${port}`);
      // This is the request of the curl command.
      const response = await fetch(sent, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: json,
      });
      expect(`${await response.text()}\n`).toBe(blocks('text')[0]);
      await expect.poll(() => server.output).toContain('protected assertion_missing');
    } finally {
      await server.end('SIGKILL');
    }

    await runBlock(shop, installVitest);
    expect(await runBlock(shop, test)).toContain('2 passed');
    const seconds = (performance.now() - begin) / 1000;
    console.log(
      `docs/quick-start.md: server and test in ${seconds.toFixed(0)} s, without the time to read and to type`,
    );
    expect(seconds).toBeLessThan(300);
  });

  it('has a test that fails if the route is not protected', async () => {
    const backend = join(shop, 'backend.js');
    const original = await readFile(backend, 'utf8');
    await writeFile(
      backend,
      original
        .replace("'/orders', protect,", "'/orders', express.json(),")
        .replace('response.locals', '({ appAttest: { key: {} } })'),
    );
    const outcome = await runBlock(shop, test).then(
      () => 'passed',
      () => 'failed',
    );
    await writeFile(backend, original);
    expect(outcome).toBe('failed');
  });

  it('creates an app whose build from Xcode can order', async () => {
    const apple = await createVirtualApple();
    const root = JSON.stringify(apple.trustAnchors);
    const [, serverFile = ''] = files.find(([name]) => name === 'server.js') ?? [];
    await writeFile(
      join(shop, 'trusting-server.js'),
      serverFile.replace('environment:', `trustAnchors: ${root}, environment:`),
    );
    const port = await freePort();
    const variables = { PATH, PORT: String(port), APP_ATTEST_VIRTUAL: 'allow' };
    const server = new Child('node', ['trusting-server.js'], { cwd: shop, env: variables });
    try {
      const baseUrl = `http://localhost:${port}`;
      await server.until(() => fetch(baseUrl));
      const { order, AppAttest } = await bundledApp(baseUrl);
      const device = await apple.createDevice({ appId: 'TEAMID1234.com.example.app' });
      device.misbehave({ developmentBuild: true });
      AppAttest.install(device);
      const response = await order('coffee');
      expect(await response.json(), server.output).toMatchObject({ ordered: 'coffee' });
    } finally {
      await server.end('SIGKILL');
    }
  });

  /** Bundles the app for Node.js. The real plugin runs only in an app, so a replacement runs on a virtual device. */
  async function bundledApp(baseUrl: string) {
    expect(installPlugin).toBe(`npm install app-attest ${PLUGIN}\nnpx cap sync ios\n`);
    const [, content = ''] = files.find(([name]) => name === APP) ?? [];
    await writeFile(join(shop, APP), content.replace('https://api.example.com', baseUrl));
    await writeFile(
      join(shop, 'app.js'),
      `export { AppAttest } from '${PLUGIN}';\nexport { order } from './${APP}';\n`,
    );
    await build({
      absWorkingDir: shop,
      entryPoints: ['app.js'],
      outfile: join(shop, 'bundled-app.js'),
      bundle: true,
      format: 'esm',
      alias: { [PLUGIN]: join(project, 'test/support/capacitor-app-attest.ts') },
    });
    return import(join(shop, 'bundled-app.js'));
  }
});
