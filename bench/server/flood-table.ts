import type { StoreKind } from './store-kinds.js';
import { table } from './tables.js';

/** A flood of anonymous challenge requests. */
export interface FloodConditions {
  readonly store: StoreKind;
  readonly challenges: 'signed' | 'stored';
  readonly requests: number;
  readonly connections: number;
}

/** The result of a flood. */
export interface Flood extends FloodConditions {
  readonly requestsPerSecond: number;
  /** The memory of the service after garbage collection, in bytes. */
  readonly service: readonly [before: number, after: number];
  /** The size of the database, in bytes. */
  readonly database: readonly [before: number, after: number];
  /** The number of users whose request was accepted. */
  readonly accepted: number;
  /** The number of all users. */
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

/** Formats two sizes in mebibytes, such as "10.0 → 10.5". */
function fromTo([before, after]: readonly [number, number]): string {
  return `${(before / MEBIBYTE).toFixed(1)} → ${(after / MEBIBYTE).toFixed(1)}`;
}

/** Returns the growth of the service or of the database in mebibytes, whichever is larger. */
export function growthOf({ service, database }: Flood): number {
  return Math.max(service[1] - service[0], database[1] - database[0]) / MEBIBYTE;
}
