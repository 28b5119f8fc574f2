import { type ParseArgsConfig, parseArgs } from 'node:util';
import { shortText } from '../errors.js';
import { type Environment, isEnvironment } from '../options/environment.js';
import { UsageError } from './usage-error.js';

type OptionsConfig = NonNullable<ParseArgsConfig['options']>;

/**
 * Parses the arguments of a command.
 *
 * @param maxPositionals The maximum number of arguments that are not options
 * @throws UsageError
 */
export function parseCommandLine<const Options extends OptionsConfig>(
  args: readonly string[],
  options: Options,
  maxPositionals = 0,
) {
  const parsed = parse(args, options, maxPositionals > 0);
  const tooMany = parsed.positionals[maxPositionals];
  if (tooMany !== undefined) throw new UsageError(`unexpected argument ${shortText(tooMany)}`);
  return parsed;
}

function parse<const Options extends OptionsConfig>(
  args: readonly string[],
  options: Options,
  allowPositionals: boolean,
) {
  try {
    return parseArgs({ args: joinValues(args, options), strict: true, allowPositionals, options });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the arguments cannot be parsed');
  }
}

const OPTION = /^--[a-z][a-z-]*(=|$)/;

/**
 * Joins the name of an option and its value if the value begins with a hyphen. `parseArgs` rejects such a value as ambiguous, but
 * one in 64 challenges begins with a hyphen, because challenges are base64url.
 */
function joinValues(args: readonly string[], options: OptionsConfig): string[] {
  const joined: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const [arg = '', value = ''] = args.slice(index);
    if (arg === '--') return [...joined, ...args.slice(index)];
    const takesValue = arg.startsWith('--') && options[arg.slice(2)]?.type === 'string';
    const isJoined = takesValue && value.length > 1 && value.startsWith('-') && value !== '--' && !OPTION.test(value);
    joined.push(isJoined ? `${arg}=${value}` : arg);
    if (isJoined) index += 1;
  }
  return joined;
}

/** @throws UsageError */
export function readCount(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new UsageError(`${name} must be a whole number of at most 10 digits`);
}

/** Reads a date in ISO 8601. @throws UsageError */
export function readDate(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw new UsageError(`${name} must be a date in ISO 8601, such as 2026-11-02 or 2026-11-02T10:00:00Z`);
}

/** @throws UsageError */
export function readEnvironmentNames(texts: readonly string[] | undefined): readonly Environment[] | undefined {
  return texts?.map((text) => {
    if (isEnvironment(text)) return text;
    throw new UsageError('--environment must be production or development');
  });
}
