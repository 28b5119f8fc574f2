import { decodeBase64 } from '../encoding/base64.js';
import { readInput, readInputFile } from './command-input.js';
import type { CommandProcess } from './command-process.js';
import { UsageError } from './usage-error.js';

const SHA256_HEX = /^[0-9a-f]{64}$/i;

/**
 * Reads bytes from hex or base64 text. Text of 64 hex digits is also valid base64, but it is read as hex.
 *
 * @throws UsageError
 */
export function readBytes(name: string, text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  if (SHA256_HEX.test(text)) return Buffer.from(text, 'hex');
  try {
    return decodeBase64(text);
  } catch {
    throw new UsageError(`${name} must be base64, or 64 hex digits`);
  }
}

/**
 * Reads a public key from a file or from text: PEM, or SubjectPublicKeyInfo or a point in base64. A file may also contain the
 * bytes of SubjectPublicKeyInfo or of a point.
 *
 * @throws UsageError
 */
export async function readPublicKeyArgument(
  argument: string | undefined,
  host: Pick<CommandProcess, 'stdin'>,
): Promise<string | Uint8Array | undefined> {
  if (argument === undefined) return undefined;
  const input = await readInput(argument, host, '--public-key');
  const text = Buffer.from(input).toString().trim();
  if (text.startsWith('-----')) return text;
  return typeof input === 'string' || /^[\x20-\x7e]*$/.test(text) ? readBytes('--public-key', text) : input;
}

/**
 * Reads a file with a root certificate, PEM.
 *
 * @throws UsageError
 */
export async function readTrustAnchorFile(path: string | undefined): Promise<readonly string[] | undefined> {
  if (path === undefined) return undefined;
  return [Buffer.from(await readInputFile(path, '--trust-anchor')).toString()];
}
