import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { attestation, bytes, file } from '../support/command-evidence.js';
import { appAttest } from '../support/command-line.js';
import { costOf } from '../support/cost.js';

it.each(['explain', 'inspect', 'receipt', 'replay'])(
  'app-attest %s rejects 10 MB with exit code 2, at no more than ten times the cost of inspecting an attestation',
  async (command) => {
    const input = Buffer.alloc(10_000_000, 0x41);
    const path = file('large.txt', input);
    const limit = 10 * (await costOf(() => appAttest(['inspect', attestation]))).milliseconds;
    for (const run of [() => appAttest([command, '-'], { input }), () => appAttest([command, path])]) {
      expect(await run()).toMatchObject({
        code: 2,
        output: '',
        errors: expect.stringContaining('longer than 1048576'),
      });
      expect((await costOf(run)).milliseconds).toBeLessThan(limit);
    }
  },
);

it.each(['explain', 'inspect', 'receipt', 'replay'])(
  'app-attest %s exits with code 0, 1 or 2 for random bytes and text',
  async (command) => {
    for (let round = 0; round < 30; round += 1) {
      const random = createHash('shake256', { outputLength: 1 + round * 20 })
        .update(`${command} ${round}`)
        .digest();
      const damaged = Buffer.from(bytes);
      random.copy(damaged, (round * 190) % (damaged.length - random.length));
      for (const input of [
        random,
        random.toString('latin1'),
        damaged,
        JSON.stringify({ token: random.toString('hex') }),
      ]) {
        const { code } = await appAttest([command, '-'], { input });
        expect([0, 1, 2]).toContain(code);
      }
    }
  },
);
