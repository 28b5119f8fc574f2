import type { StoreKind } from './store-kinds.js';
import { table } from './tables.js';

/** A flood of anonymous challenge requests. */
export interface FloodConditions {
  readonly store: StoreKind;
  readonly challenges: 'signed' | 'stored';
  readonly requests: number;
  readonly connections: number;
}

/** What a flood did to a service. */
export interface Flood extends FloodConditions {
  readonly requestsPerSecond: number;
  /** Before and after the flood, in bytes: the memory of the service after garbage collection, and the database. */
  readonly service: readonly [before: number, after: number];
  readonly database: readonly [before: number, after: number];
  /** The users whose request was accepted, and all users. */
  readonly accepted: number;
  readonly users: number;
}

const MEBIBYTE = 2 ** 20;

/** The table of a run of `npm run bench -- flood` for docs/scaling.md, in Markdown. */
export function floodTable(floods: readonly Flood[]): string {
  const header = [
    'state in',
    'challenges',
    'anonymous requests',
    'requests/s',
    'memory of the service, MiB',
    'database, MiB',
    'users accepted',
  ];
  return table(
    header,
    floods.map(({ store, challenges, requests, requestsPerSecond, service, database, accepted, users }) => [
      store,
      challenges,
      requests,
      Math.round(requestsPerSecond),
      fromTo(service),
      store === 'memory' ? '' : fromTo(database),
      `${accepted} of ${users}`,
    ]),
  );
}

/** Such as "10.0 → 10.5". */
function fromTo([before, after]: readonly [number, number]): string {
  return `${(before / MEBIBYTE).toFixed(1)} → ${(after / MEBIBYTE).toFixed(1)}`;
}

/** The mebibytes by which the service or the database grew, whichever is more. */
export function growthOf({ service, database }: Flood): number {
  return Math.max(service[1] - service[0], database[1] - database[0]) / MEBIBYTE;
}
