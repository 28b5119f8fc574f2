import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { appAttest } from '../support/command-line.js';

describe('app-attest', () => {
  it.each(['', 'explain', 'inspect', 'receipt', 'replay', 'device', 'inspector', 'receipts refresh'])(
    '%s --help prints lines of at most 80 characters to standard output',
    async (name) => {
      const { code, output, errors } = await appAttest([...name.split(' ').filter((word) => word !== ''), '--help']);
      expect({ code, errors }).toEqual({ code: 0, errors: '' });
      expect(output).toMatch(new RegExp(`^Usage: app-attest ${name}`));
      for (const line of output.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    },
  );

  it('--version prints the version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(await appAttest(['--version'])).toMatchObject({ code: 0, output: `${version}\n` });
  });
});
