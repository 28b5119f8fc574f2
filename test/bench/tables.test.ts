import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { withTables } from '../../bench/server/record.js';
import { type Results, type ServiceName, spreadOf } from '../../bench/server/results.js';
import { performanceTable, scalingTables } from '../../bench/server/tables.js';

const service = (name: ServiceName, ...rates: number[]) => ({
  service: name,
  measuredDelay: 5.42,
  rounds: rates.map((rate) => ({ requests: rate, rate, cpu: 1e6 / rate, p50: 10, p99: 1e5 / rate })),
});

const results: Results = {
  date: '2026-11-26T12:00:00.000Z',
  node: 'v20.20.2',
  processors: '2 × Processor',
  seconds: 20,
  rounds: 3,
  cases: [
    {
      store: 'Redis',
      delay: 5,
      connections: 50,
      // In the second round, the machine is half as fast for all services.
      services: [
        service('app-attest', 2000, 1000, 2100),
        service('app-attest, before', 1000, 500, 1000),
        service('by hand', 4000, 2000, 4000),
      ],
    },
    { store: 'memory', delay: 0, connections: 1, services: [service('app-attest', 900), service('by hand', 1000)] },
  ],
};

it('scalingTables prints each rate with its spread, and its median ratio to the service by hand in the same round', () => {
  const lines = scalingTables(results).split('\n');
  expect(lines[0]).toBe('2 × Processor, Node.js v20.20.2; 20 seconds in 3 rounds for each row; 2026-11-26');
  expect(lines).toContain(
    '| Redis | 5 (5.4) | 50 | app-attest | 2000 (1000–2100) | 0.50 | 500 (476–1000) | 2.00 | 10.00 | 50.00 | 2.00 |',
  );
  expect(lines).toContain(
    '| Redis | 5 (5.4) | 50 | by hand | 4000 (2000–4000) | 1.00 | 250 (250–500) | 1.00 | 10.00 | 25.00 | 1.00 |',
  );
});

it('scalingTables compares app-attest with its previous version only if the previous version was measured', () => {
  const lines = scalingTables(results).split('\n');
  expect(lines).toContain('| Redis | 5 (5.4) | 50 | app-attest | 2.00 | 0.50 | 0.50 |');
  const [, one] = results.cases;
  expect(scalingTables({ ...results, cases: one ? [one] : [] })).not.toContain('version before');
});

it('scalingTables prints the profile of a service', () => {
  const profile = { 'app-attest': 0.254, Express: 0.1 };
  const [first] = results.cases;
  if (!first) throw new Error('no case');
  const services = [{ ...service('app-attest', 1000), profile }];
  const lines = scalingTables({ ...results, cases: [{ ...first, services }] }).split('\n');
  expect(lines).toContain('| app-attest | 25 % |');
});

it('performanceTable prints only the cases without a delay', () => {
  const rows = performanceTable(results).split('\n').slice(4);
  expect(rows).toEqual(['| memory | 1 | 1111 (1111–1111) | 1000 (1000–1000) | 1.11 | 0.90 | 1.11 |']);
});

it('spreadOf computes the median of an even and of an odd number of rounds', () => {
  expect(spreadOf([3, 1, 2])).toEqual({ median: 2, lowest: 1, highest: 3 });
  expect(spreadOf([4, 1, 2, 3])).toEqual({ median: 2.5, lowest: 1, highest: 4 });
});

it.each(['docs/scaling.md', 'docs/performance.md'])(
  'withTables replaces the tables in %s, and changes no other text',
  (file) => {
    const page = readFileSync(file, 'utf8');
    const recorded = withTables(page, 'TABLES');
    expect(recorded).toContain('-->\n\nTABLES\n\n<!--');
    expect(withTables(recorded, 'OTHER')).toBe(withTables(page, 'OTHER'));
    expect(recorded.split('<!-- protected requests -->')[0]).toBe(page.split('<!-- protected requests -->')[0]);
  },
);

it('withTables rejects a page without markers', () => {
  expect(() => withTables('text', 'TABLES')).toThrow('must contain');
});
