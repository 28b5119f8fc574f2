import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { appAttest } from '../support/command-line.js';
import { virtualIphoneCommand } from '../support/virtual-iphone-command.js';

const appId = 'TEAMID1234.com.example.app';
const { folder, rootFile, device } = virtualIphoneCommand();

let root: string;
beforeAll(async () => {
  root = (await device('--print-root')).output;
});

describe('the root of the virtual iPhone', () => {
  it('is created once, and is saved in a file that only the user can read', async () => {
    expect((await device('--print-root')).output).toBe(root);
    expect(root).toMatch(/^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n$/);
    expect((await device('--print-receipt-root')).output).not.toBe(root);
    if (process.platform === 'win32') return;
    expect(statSync(rootFile).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'state')).mode & 0o777).toBe(0o700);
  });

  it('is the same for several commands that start at the same time', async () => {
    const path = join(folder, 'race.json');
    const runs = Array.from({ length: 4 }, () => appAttest(['device', '--root-file', path, '--print-root']));
    const outputs = (await Promise.all(runs)).map(({ output }) => output);
    expect(new Set(outputs).size).toBe(1);
  });

  it('is saved below XDG_STATE_HOME if this variable is set', async () => {
    const env = { XDG_STATE_HOME: join(folder, 'xdg') };
    const { output } = await appAttest(['device', '--print-root'], { env });
    const saved = JSON.parse(readFileSync(join(folder, 'xdg/app-attest/virtual-apple.json'), 'utf8'));
    expect(saved.attestationRoot.certificate).toBe(output);
  });

  it.skipIf(process.platform === 'win32')('is not used if other users can read its file', async () => {
    const path = join(folder, 'open.json');
    writeFileSync(path, readFileSync(rootFile));
    chmodSync(path, 0o640);
    const { code, output, errors } = await appAttest(['device', '--root-file', path, '--print-root']);
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(errors).toContain('chmod 600');
  });

  it.each(['', '{}', 'null', '{"attestationRoot":{"certificate":"","privateKey":""},"receiptRoot":{}}'])(
    'is rejected if its file contains %j',
    async (content) => {
      const path = join(folder, 'wrong.json');
      writeFileSync(path, content, { mode: 0o600 });
      const { code, output, errors } = await appAttest(['device', '--root-file', path, '--print-root']);
      expect({ code, output }).toEqual({ code: 2, output: '' });
      expect(errors).toContain('not a file that this command created');
    },
  );
});

it('a root file with a damaged private key is rejected with exit code 2', async () => {
  const saved = JSON.parse(readFileSync(rootFile, 'utf8'));
  const path = join(folder, 'damaged.json');
  saved.attestationRoot.privateKey = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
  writeFileSync(path, JSON.stringify(saved), { mode: 0o600 });
  const { code, errors } = await appAttest([
    'device',
    ...['--root-file', path, '--url', 'http://127.0.0.1:1', '--app-id', appId],
  ]);
  expect({ code, isDamaged: errors.includes('damaged') }).toEqual({ code: 2, isDamaged: true });
});
