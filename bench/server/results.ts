import { cpus } from 'node:os';
import type { StoreKind } from './store-kinds.js';

/** The services that a case measures under the same conditions. */
export type ServiceName =
  | 'app-attest'
  | 'app-attest, signed challenges and key cache'
  | 'app-attest, without prepared statements'
  | 'app-attest, before'
  | 'by hand'
  | 'by hand, prepared statements'
  | 'by hand, one statement'
  | 'unprotected'
  | FleetName;

/** App-attest with this number of stored keys. */
export type FleetName = `app-attest, ${number} keys`;

/** The conditions of a case. */
export interface Case {
  readonly store: StoreKind;
  /** The delay that is added to each round trip to the database, in milliseconds. */
  readonly delay: number;
  readonly connections: number;
}

/** One round of one service, in which the service accepted all requests. */
export interface Round {
  readonly requests: number;
  /** Requests per second. */
  readonly rate: number;
  /** The CPU time of the service per request, in microseconds, without the CPU time of an idle service. */
  readonly cpu: number;
  /** The median time of a request, in milliseconds. */
  readonly p50: number;
  /** The 99th percentile, in milliseconds. */
  readonly p99: number;
}

/** All rounds of one service of a case. Rounds with the same index ran one after another in all services of the case. */
export interface ServiceResult {
  readonly service: ServiceName;
  readonly rounds: readonly Round[];
  /** The mean delay that the proxy actually added to a round trip, in milliseconds. */
  readonly measuredDelay: number;
  /** For each owner of code: its share of the CPU time of the main thread, from 0 to 1. */
  readonly profile?: Record<string, number>;
}

export interface CaseResult extends Case {
  readonly services: readonly ServiceResult[];
}

/** The results of a whole run. The option `--json` writes this object to a file. */
export interface Results {
  /** ISO 8601. */
  readonly date: string;
  readonly node: string;
  readonly processors: string;
  /** The duration of a case for each service, in seconds, without the warm-up. */
  readonly seconds: number;
  readonly rounds: number;
  readonly cases: readonly CaseResult[];
}

/** The number and the model of the processors of this machine. */
export const PROCESSORS = `${cpus().length} × ${cpus()[0]?.model.trim()}`;

/** The results of a run on this machine that has just ended. */
export function resultsOf(
  { seconds, rounds }: Pick<Results, 'seconds' | 'rounds'>,
  cases: readonly CaseResult[],
): Results {
  const date = new Date().toISOString();
  return { date, node: process.version, processors: PROCESSORS, seconds, rounds, cases };
}

/** The median, the lowest and the highest of several values. */
export interface Spread {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  return {
    median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2,
    lowest: at(0),
    highest: at(sorted.length - 1),
  };
}

/** Divides a figure of `one` by the figure of `other` in each round, because the load of the machine differs between rounds. */
export function ratios(one: ServiceResult, other: ServiceResult, figure: keyof Round): Spread {
  return spreadOf(
    one.rounds.flatMap((round, index) => {
      const same = other.rounds[index];
      return same ? [round[figure] / same[figure]] : [];
    }),
  );
}
