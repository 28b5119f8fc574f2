import {
  type Case,
  type CaseResult,
  type Results,
  type Round,
  ratios,
  type ServiceResult,
  spreadOf,
} from './results.js';

/** Formats the results of a run as the tables in docs/scaling.md. */
export function scalingTables(results: Results): string {
  const { cases } = results;
  const hasBaseline = cases.some(({ services }) => services.some(({ service }) => service === 'app-attest, before'));
  const profiled = cases.filter(({ services }) => services.some(({ profile }) => profile));
  return [
    conditions(results),
    caseTable(cases),
    ...(hasBaseline ? ['The next table compares app-attest with the version before:', baselineTable(cases)] : []),
    ...(profiled.length > 0
      ? ["The next table shows the share of each part in the main thread's time:", profileTable(profiled)]
      : []),
  ].join('\n\n');
}

/** Formats the results of a run as the short table in docs/performance.md. */
export function performanceTable(results: Results): string {
  const direct = results.cases.filter(({ delay }) => delay === 0);
  const rows = direct.map((result) => {
    const service = find(result, 'app-attest');
    const byHand = find(result, 'by hand');
    if (!service || !byHand) return undefined;
    const cells = [service, byHand].map(({ rounds }) => spreadText(rounds.map(({ cpu }) => cpu)));
    const figures = (['cpu', 'rate', 'p99'] as const).map((name) => ratioText(service, byHand, name));
    return [result.store, result.connections, ...cells, ...figures];
  });
  const header = ['state in', 'connections', 'app-attest, CPU µs', 'by hand, CPU µs', 'CPU ×', 'requests/s ×', 'p99 ×'];
  return [
    conditions(results),
    table(
      header,
      rows.filter((row) => row !== undefined),
    ),
  ].join('\n\n');
}

export function conditions({ date, node, processors, seconds, rounds }: Results): string {
  return `${processors}, Node.js ${node}; ${seconds} seconds in ${rounds} rounds for each row; ${date.slice(0, 10)}`;
}

function caseTable(cases: readonly CaseResult[]): string {
  const header = [
    'state in',
    'added, ms',
    'connections',
    'service',
    'requests/s',
    '×',
    'CPU, µs',
    'CPU ×',
    'p50, ms',
    'p99, ms',
    'p99 ×',
  ];
  const rows = cases.flatMap((result) => {
    const byHand = find(result, 'by hand');
    return result.services.map((service) => {
      const median = (figure: keyof Round) => spreadOf(service.rounds.map((round) => round[figure])).median;
      const ratio = (figure: keyof Round) => (byHand ? ratioText(service, byHand, figure) : '');
      return [
        ...conditionCells(result, service),
        service.service,
        spreadText(service.rounds.map(({ rate }) => rate)),
        ratio('rate'),
        spreadText(service.rounds.map(({ cpu }) => cpu)),
        ratio('cpu'),
        median('p50').toFixed(2),
        median('p99').toFixed(2),
        ratio('p99'),
      ];
    });
  });
  return table(header, rows);
}

/** The services with the measured build of this package. */
const LIBRARY = [
  'app-attest',
  'app-attest, without prepared statements',
  'app-attest, signed challenges and key cache',
] as const;

function baselineTable(cases: readonly CaseResult[]): string {
  const header = ['state in', 'added, ms', 'connections', 'service', 'requests/s ×', 'CPU ×', 'p99 ×'];
  const rows = cases.flatMap((result) => {
    const before = find(result, 'app-attest, before');
    const after = LIBRARY.map((name) => find(result, name));
    return after.flatMap((service) => {
      if (!before || !service) return [];
      const figures = (['rate', 'cpu', 'p99'] as const).map((figure) => ratioText(service, before, figure));
      return [[...conditionCells(result, service), service.service, ...figures]];
    });
  });
  return table(header, rows);
}

function profileTable(cases: readonly CaseResult[]): string {
  const columns = cases.flatMap((result) => {
    return result.services.flatMap(({ service, profile }) => (profile ? [{ ...result, service, profile }] : []));
  });
  const owners = [...new Set(columns.flatMap(({ profile }) => Object.keys(profile)))];
  const name = ({ store, delay, connections }: Case) => `${store}, ${delay} ms, ${connections} connections`;
  const rows = owners.map((owner) => [
    owner,
    ...columns.map(({ profile }) => `${Math.round(100 * (profile[owner] ?? 0))} %`),
  ]);
  return table(['code', ...columns.map((column) => `${column.service}: ${name(column)}`)], rows);
}

function conditionCells({ store, delay, connections }: Case, { measuredDelay }: ServiceResult) {
  return [store, delay === 0 ? '0' : `${delay} (${measuredDelay.toFixed(1)})`, connections];
}

function find({ services }: CaseResult, name: ServiceResult['service']): ServiceResult | undefined {
  return services.find(({ service }) => service === name);
}

export function spreadText(values: readonly number[]): string {
  const { median, lowest, highest } = spreadOf(values);
  return `${Math.round(median)} (${Math.round(lowest)}–${Math.round(highest)})`;
}

export function ratioText(one: ServiceResult, other: ServiceResult, figure: keyof Round): string {
  return ratios(one, other, figure).median.toFixed(2);
}

/** Formats a table in Markdown. All columns except the first are aligned to the right. */
export function table(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n');
}
