import { expect, it, vi } from 'vitest';
import { App } from '../../examples/service/app.js';
import { Journal } from '../../examples/service/journal.js';
import { play } from '../../examples/service/play.js';
import { SCENES } from '../../examples/service/scenes.js';
import { runExample } from '../support/example-process.js';

const { output, errors, code } = await runExample();

it('the example service accepts the requests of its app and rejects all attacks', () => {
  expect(output).toMatch(/Its state is in the SQLite file .*build.app-attest\.db\./);
  expect(SCENES.length).toBeGreaterThan(15);
  const answers = SCENES.map(({ title, expected: { status, body } }) => {
    return `✓ ${title}: ${status} ${body ? JSON.stringify(body) : ''}`;
  });
  expect(output.match(/^[✓✗].*/gm)).toEqual(answers.map((line) => expect.stringContaining(line)));
  expect(output).toContain('✓ The app lists its orders: 200 {"orders":["coffee","tea","tea"]}\n');
  expect(output).toContain('✓ The app reads its stamps with a session: 200 {"stamps":3}\n');
  expect(output).toContain('✓ The service asks Apple for the risk metric: 200 {"riskMetric":1}\n');
  expect(output).toMatch(/All results are as expected\.\n$/);
  expect({ errors, code }).toEqual({ errors: '', code: 0 });
});

it('the example service prints each step of an order', () => {
  const [, order = ''] = output.split('\nThe app orders a coffee\n');
  const [steps = ''] = order.split('\n✓ ');
  const routes = steps.split('\n').map((line) => /^ {4}(\w+(?: → \w+)?)/.exec(line)?.[1]);
  expect(routes).toEqual([
    ...['App → Service', 'Service → Store', 'Service', 'Service → App'],
    ...['App → Device', 'Device → App'],
    ...['App → Service', 'Service → Store', 'Service → Store', 'Service → Store', 'Service', 'Service → App'],
  ]);
});

it.each([
  [true, { status: 401, body: { error: 'challenge_used' } }],
  [false, { status: 200, body: { error: 'challenge_used' } }],
  [false, { status: 401, body: { error: 'challenge_unknown' } }],
])('a scene with the status and the body that are expected is as expected: %s', async (isExpected, answer) => {
  const [scene] = SCENES.filter(({ name }) => name === 'replay');
  if (!scene) throw new Error('no scene replay');
  const unused = vi.fn();
  const note = vi.fn();
  const outside = { plugin: unused, revoke: unused, refreshReceipt: unused, restart: unused, moveClock: unused, note };
  const plugin = { isSupported: unused, prepare: unused, createAttestation: unused, createAssertion: unused };
  const stage = { app: new App('http://127.0.0.1', plugin), origin: 'http://127.0.0.1', outside };
  const end = await play({ ...scene, run: async () => answer }, stage);
  expect(end).toMatchObject({ isExpected, ...answer });
  expect(note.mock.calls.map(([{ kind }]) => kind)).toEqual(['start', 'end']);
});

it('the journal passes each entry once, in order, to a page that was opened late or interrupted', () => {
  const journal = new Journal();
  const heard = (first?: number): string[] => {
    const entries: string[] = [];
    journal.listen((entry, index) => entry.kind === 'step' && entries.push(`${index} ${entry.what}`), first);
    return entries;
  };
  journal.step('app', 'service', 'a');
  journal.step('service', 'app', 'b');
  const [late, interrupted] = [heard(), heard(1)];
  journal.step('app', 'service', 'c');
  expect({ late, interrupted }).toEqual({ late: ['0 a', '1 b', '2 c'], interrupted: ['1 b', '2 c'] });
  for (let count = 3; count < 6000; count += 1) journal.step('app', 'service', 'd');
  // The oldest entries are no longer kept, and the others keep their positions.
  expect(heard()).toHaveLength(5000);
  expect(heard()[0]).toBe('1000 d');
});

it('the example service does not start in production, where virtual devices are rejected', async () => {
  const inProduction = await runExample({ NODE_ENV: 'production' });
  expect(inProduction.errors).toContain('must not run in production');
  expect(inProduction.code).toBe(1);
});
