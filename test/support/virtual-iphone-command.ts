import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { appAttest } from './command-line.js';

/** Prepares the command `app-attest device` for a test file. Its root is in a folder that is deleted after the tests. */
export function virtualIphoneCommand() {
  const folder = mkdtempSync(join(tmpdir(), 'app-attest-device-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const rootFile = join(folder, 'state', 'virtual-apple.json');
  return { folder, rootFile, device: (...args: string[]) => appAttest(['device', '--root-file', rootFile, ...args]) };
}
