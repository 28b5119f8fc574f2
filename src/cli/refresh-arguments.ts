import { parseArgs } from 'node:util';
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

/** @throws UsageError */
export function readRefreshArguments(args: readonly string[]): RefreshArguments {
  const { 'app-id': appIds = [], 'trust-anchor': trustAnchor, ...values } = parse(args);
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

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        'app-id': { type: 'string', multiple: true },
        credentials: { type: 'string' },
        limit: { type: 'string' },
        concurrency: { type: 'string' },
        schema: { type: 'string' },
        prefix: { type: 'string' },
        endpoint: { type: 'string' },
        'trust-anchor': { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the arguments cannot be parsed');
  }
}

function readCount(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`${name} must be a whole number of at most 9 digits`);
}
