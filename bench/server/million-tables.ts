import type { Results } from './results.js';
import type { TableActivity, TableSizes } from './table-statistics.js';
import { conditions, ratioText, spreadText, table } from './tables.js';

/** Calls of `advance` for random keys, and the sizes of the table before and after the calls. */
export interface Advances {
  readonly count: number;
  readonly seconds: number;
  readonly vacuumSeconds: number;
  readonly before: TableSizes;
  readonly after: TableSizes;
  readonly vacuumed: TableSizes;
  readonly activity: TableActivity;
}

const MEGABYTE = 1e6;

/** The tables of a run of `npm run bench -- million` for docs/scaling.md, in Markdown. */
export function millionTables(results: Results, [few, many]: readonly [number, number], advances: Advances): string {
  const { count, seconds, vacuumSeconds, before, after, vacuumed, activity } = advances;
  const moments = [before, after, vacuumed];
  const row = (name: string, size: (sizes: TableSizes) => number) => [
    name,
    ...moments.map((sizes) => (size(sizes) / MEGABYTE).toFixed(1)),
  ];
  return [
    conditions(results),
    requestTable(results, [few, many]),
    `The next table shows the size of the table with ${many} keys, in megabytes, around ${count} calls of \`advance\`:`,
    table(
      ['', 'before', 'after', 'after VACUUM'],
      [
        row('rows', ({ rows }) => rows),
        row('receipts (TOAST)', ({ receipts }) => receipts),
        ...Object.keys(before.indexes).map((name) => row(`\`${name}\``, ({ indexes }) => indexes[name] ?? 0)),
        row('total', ({ total }) => total),
      ],
    ),
    table(
      ['', `${count} calls of \`advance\``],
      [
        ['calls per second', Math.round(count / seconds)],
        [
          'updates that wrote no index (heap-only tuples)',
          `${((100 * activity.heapOnly) / activity.updates).toFixed(2)} %`,
        ],
        ['dead rows afterwards', activity.deadRows],
        ['runs of autovacuum', activity.autovacuums],
        ['duration of VACUUM afterwards, s', vacuumSeconds.toFixed(1)],
        ['write-ahead log per call, bytes', Math.round(activity.logBytes / count)],
        ['whole pages in this log per call', (activity.fullPages / count).toFixed(2)],
      ],
    ),
  ].join('\n\n');
}

function requestTable({ cases }: Results, [few, many]: readonly [number, number]): string {
  const header = ['connections', 'keys', 'requests/s', '×', 'CPU, µs', 'CPU ×', 'p99 ×'];
  const rows = cases.flatMap(({ connections, services }) => {
    const withKeys = (count: number) => services.find(({ service }) => service === `app-attest, ${count} keys`);
    const base = withKeys(few);
    return [few, many].flatMap((count) => {
      const measured = withKeys(count);
      if (!base || !measured) return [];
      const spread = (figure: 'rate' | 'cpu') => spreadText(measured.rounds.map((round) => round[figure]));
      const ratio = (figure: 'rate' | 'cpu' | 'p99') => ratioText(measured, base, figure);
      return [[connections, count, spread('rate'), ratio('rate'), spread('cpu'), ratio('cpu'), ratio('p99')]];
    });
  });
  return table(header, rows);
}
