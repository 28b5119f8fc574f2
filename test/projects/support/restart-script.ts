import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { freePort } from '../../servers/support/child.js';

/**
 * Runs `examples/restart.mjs` in the folder of a project, and expects that the key survives the restart.
 *
 * @param command Returns the command that starts the backend on a port
 * @param change Changes the script
 */
export async function expectKeyToSurvive(
  folder: string,
  env: NodeJS.ProcessEnv,
  command: (port: string) => readonly string[],
  change: (script: string) => string = (script) => script,
): Promise<void> {
  await writeFile(join(folder, 'restart.mjs'), change(await readFile('examples/restart.mjs', 'utf8')));
  const port = String(await freePort());
  const args = ['restart.mjs', `http://127.0.0.1:${port}`, ...command(port)];
  const options = { cwd: folder, env: { ...env, PORT: port, APP_ATTEST_VIRTUAL: 'allow' }, timeout: 50_000 };
  const { stdout } = await promisify(execFile)('node', args, options);
  const results = stdout.split('\n').filter((line) => /^(?:GET|POST) \/\S+ \d{3} /.test(line));
  const keyId = /"keyId":"([^"]+)"/.exec(stdout)?.[1];
  expect(results, stdout).toEqual([
    `POST /app-attest/registration 201 {"keyId":"${keyId}"}`,
    `POST /orders 200 {"ordered":"coffee","by":"${keyId}"}`,
    `POST /orders 200 {"ordered":"tea","by":"${keyId}"}`,
    `GET /orders/7 200 {"order":"7","by":"${keyId}"}`,
    'POST /orders 401 {"error":"request_mismatch"}',
  ]);
}
