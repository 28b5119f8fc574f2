import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { floodTable, growthOf } from '../../bench/server/flood-table.js';
import { millionTables } from '../../bench/server/million-tables.js';
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

it.each([
  ['docs/scaling.md', 'protected requests'],
  ['docs/scaling.md', 'flood'],
  ['docs/scaling.md', 'million keys'],
  ['docs/performance.md', 'protected requests'],
] as const)('withTables replaces the tables in %s (%s), and changes no other text', (file, part) => {
  const page = readFileSync(file, 'utf8');
  const recorded = withTables(page, part, 'TABLES');
  expect(recorded).toContain(`<!-- ${part} -->\n\nTABLES\n\n<!-- /${part} -->`);
  expect(withTables(recorded, part, 'OTHER')).toBe(withTables(page, part, 'OTHER'));
  for (const [index, rest] of [
    [0, `<!-- ${part} -->`],
    [1, `<!-- /${part} -->`],
  ] as const)
    expect(recorded.split(rest)[index]).toBe(page.split(rest)[index]);
});

it('withTables rejects a page without markers', () => {
  expect(() => withTables('text', 'flood', 'TABLES')).toThrow('must contain');
});

it('millionTables prints the rates with few and with many keys, and the sizes around the calls of advance', () => {
  const fleets: Results = {
    ...results,
    cases: [
      {
        store: 'PostgreSQL',
        delay: 0,
        connections: 50,
        services: [service('app-attest, 1000 keys', 2000, 1000), service('app-attest, 5000 keys', 1900, 950)],
      },
    ],
  };
  const sizes = { rows: 5e6, receipts: 2e6, indexes: { by_id: 1e6 }, total: 8e6 };
  const lines = millionTables(fleets, [1000, 5000], {
    count: 1000,
    seconds: 0.5,
    vacuumSeconds: 1.25,
    before: sizes,
    after: { ...sizes, rows: 6e6, total: 9e6 },
    vacuumed: sizes,
    activity: { updates: 1000, heapOnly: 995, deadRows: 12, autovacuums: 1, logBytes: 500_000, fullPages: 250 },
  }).split('\n');
  expect(lines).toContain('| 50 | 1000 | 1500 (1000–2000) | 1.00 | 750 (500–1000) | 1.00 | 1.00 |');
  expect(lines).toContain('| 50 | 5000 | 1425 (950–1900) | 0.95 | 789 (526–1053) | 1.05 | 1.05 |');
  expect(lines).toContain('| rows | 5.0 | 6.0 | 5.0 |');
  expect(lines).toContain('| `by_id` | 1.0 | 1.0 | 1.0 |');
  expect(lines).toContain('| calls per second | 2000 |');
  expect(lines).toContain('| updates that wrote no index (heap-only tuples) | 99.50 % |');
  expect(lines).toContain('| write-ahead log per call, bytes | 500 |');
});

it('floodTable prints sizes before and after a flood, and growthOf returns the larger growth', () => {
  const flood = {
    store: 'Redis',
    challenges: 'signed',
    requests: 1000,
    connections: 50,
    requestsPerSecond: 1234.5,
    service: [20 * 2 ** 20, 19 * 2 ** 20],
    database: [2 ** 20, 1.5 * 2 ** 20],
    accepted: 99,
    users: 100,
  } as const;
  const rows = floodTable([flood, { ...flood, store: 'memory', database: [0, 0] }])
    .split('\n')
    .slice(2);
  expect(rows).toEqual([
    '| Redis | signed | 1000 | 1235 | 20.0 → 19.0 | 1.0 → 1.5 | 99 of 100 |',
    '| memory | signed | 1000 | 1235 | 20.0 → 19.0 |  | 99 of 100 |',
  ]);
  expect(growthOf(flood)).toBe(0.5);
});
