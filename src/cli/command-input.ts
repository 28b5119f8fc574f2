import { type FileHandle, open } from 'node:fs/promises';
import { shortText } from '../errors.js';
import type { CommandProcess } from './command-process.js';
import { UsageError } from './usage-error.js';

/**
 * The maximum length of an input, in bytes. A capsule has at most about 300 KiB. The body of a request is limited to 1
 * MiB by default.
 */
const MAX_LENGTH = 1_048_576;

/**
 * Reads an input of a command: standard input for `-`, the contents of a file if the argument is its path, and otherwise the
 * argument itself. Reads at most 1 MiB.
 *
 * @param name The input in error messages, for example `"evidence"`
 * @throws UsageError
 */
export async function readInput(
  argument: string | undefined,
  host: Pick<CommandProcess, 'stdin'>,
  name: string,
): Promise<string | Uint8Array> {
  if (argument === undefined) throw new UsageError(`${name} is missing: pass a file, - for standard input, or text`);
  if (argument === '-') return readBounded(host.stdin, `${name} from standard input`);
  return (await readFileIfExists(argument, name)) ?? argument;
}

/**
 * Reads a file, at most 1 MiB.
 *
 * @throws UsageError
 */
export async function readInputFile(path: string, name: string): Promise<Uint8Array> {
  const bytes = await readFileIfExists(path, name);
  if (bytes) return bytes;
  throw new UsageError(`cannot read ${shortText(path)} (ENOENT)`);
}

/** The error codes of `open` if the argument is not the path of a file. */
const NO_FILE: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ERR_INVALID_ARG_VALUE']);

async function readFileIfExists(path: string, name: string): Promise<Uint8Array | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    return await readBounded(file.createReadStream({ autoClose: false }), `${name} in ${shortText(path)}`);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (error instanceof UsageError || code === undefined) throw error;
    if (NO_FILE.has(code)) return undefined;
    throw new UsageError(`cannot read ${shortText(path)} (${String(code)})`);
  } finally {
    await file?.close();
  }
}

async function readBounded(stream: AsyncIterable<string | Uint8Array>, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > MAX_LENGTH) throw new UsageError(`${name} is longer than ${MAX_LENGTH} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
