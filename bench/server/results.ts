import type { StoreKind } from './store-kinds.js';

/** A service, under the conditions that all services of a case share. */
export type ServiceName =
  | 'app-attest'
  | 'app-attest, signed challenges and key cache'
  | 'app-attest, before'
  | 'by hand'
  | 'unprotected'
  | FleetName;

/** App-attest with this number of stored keys. */
export type FleetName = `app-attest, ${number} keys`;

/** The conditions of a case. */
export interface Case {
  readonly store: StoreKind;
  /** The milliseconds that are added to each round trip to the database. */
  readonly delay: number;
  readonly connections: number;
}

/** One round of one service. No request was rejected. */
export interface Round {
  readonly requests: number;
  /** Requests per second. */
  readonly rate: number;
  /** The CPU time of the service per request, in microseconds, without the CPU time of an idle service. */
  readonly cpu: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** All rounds of one service under the conditions of a case. Round `n` of each service of a case ran one after another. */
export interface ServiceResult {
  readonly service: ServiceName;
  readonly rounds: readonly Round[];
  /** The delay that the proxy really added to each round trip, in milliseconds. */
  readonly measuredDelay: number;
  /** The share of the CPU time of the main thread, from 0 to 1, by the owner of the code. */
  readonly profile?: Record<string, number>;
}

export interface CaseResult extends Case {
  readonly services: readonly ServiceResult[];
}

/** A whole run, as `--json` writes it. */
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

/** The middle of the values, and the lowest and the highest of them. */
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

/** The ratios of two services, round by round. Two services ran in a round under the same load of the machine. */
export function ratios(one: ServiceResult, other: ServiceResult, figure: keyof Round): Spread {
  return spreadOf(
    one.rounds.flatMap((round, index) => {
      const same = other.rounds[index];
      return same ? [round[figure] / same[figure]] : [];
    }),
  );
}
