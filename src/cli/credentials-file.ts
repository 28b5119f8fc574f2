import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { shortText } from '../errors.js';
import type { DeviceCheckCredentials } from '../receipt/device-check-token.js';
import { UsageError } from './usage-error.js';

const ENTRIES: ReadonlySet<string> = new Set(['teamId', 'keyId', 'privateKey', 'privateKeyFile']);

/**
 * Reads the credentials for Apple's server from a JSON file.
 *
 * @throws UsageError. The message contains no text of the file, because the text may be the private key
 */
export async function readCredentialsFile(path: string): Promise<DeviceCheckCredentials> {
  const file = readObject(path, await readText(path));
  const unknown = Object.keys(file).filter((name) => !ENTRIES.has(name)).length;
  if (unknown > 0) throw new UsageError(`${shortText(path)} must have no other fields than ${[...ENTRIES].join(', ')}`);

  const { teamId, keyId, privateKey, privateKeyFile } = file;
  if (typeof teamId !== 'string' || typeof keyId !== 'string') {
    throw new UsageError(`${shortText(path)} must have teamId and keyId as text`);
  }
  if (typeof privateKey === 'string' && privateKeyFile === undefined) return { teamId, keyId, privateKey };
  if (typeof privateKeyFile === 'string' && privateKey === undefined) {
    return { teamId, keyId, privateKey: await readText(resolve(dirname(path), privateKeyFile)) };
  }
  throw new UsageError(`${shortText(path)} must have either privateKey or privateKeyFile`);
}

/**
 * Reads a file whose path is in the command line or in the credentials.
 *
 * @throws UsageError
 */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    throw new UsageError(`cannot read ${shortText(path)}${reason}`);
  }
}

function readObject(path: string, text: string): Partial<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // The error of the parser is not used, because its message quotes the text of the file.
  }
  throw new UsageError(`${shortText(path)} is not a JSON object`);
}
