import { parseCommandLine, readCount } from './command-line.js';
import { UsageError } from './usage-error.js';

/** The arguments of `app-attest receipts refresh`. */
export interface RefreshArguments {
  readonly appIds: readonly string[];
  /** The path of the file with the credentials. */
  readonly credentials: string;
  readonly limit: number | undefined;
  readonly concurrency: number | undefined;
  readonly schema: string | undefined;
  readonly prefix: string | undefined;
  readonly endpoint: string | undefined;
  /** The path of the file with the root certificate. */
  readonly trustAnchor: string | undefined;
}

const OPTIONS = {
  'app-id': { type: 'string', multiple: true },
  credentials: { type: 'string' },
  limit: { type: 'string' },
  concurrency: { type: 'string' },
  schema: { type: 'string' },
  prefix: { type: 'string' },
  endpoint: { type: 'string' },
  'trust-anchor': { type: 'string' },
} as const;

/** @throws UsageError */
export function readRefreshArguments(args: readonly string[]): RefreshArguments {
  const { 'app-id': appIds = [], 'trust-anchor': trustAnchor, ...values } = parseCommandLine(args, OPTIONS).values;
  if (appIds.length === 0) throw new UsageError('--app-id is missing');
  if (values.credentials === undefined) throw new UsageError('--credentials is missing');
  return {
    appIds,
    credentials: values.credentials,
    limit: readCount('--limit', values.limit),
    concurrency: readCount('--concurrency', values.concurrency),
    schema: values.schema,
    prefix: values.prefix,
    endpoint: values.endpoint,
    trustAnchor,
  };
}
