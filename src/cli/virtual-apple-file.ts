import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { isPem } from '../encoding/pem.js';
import { shortText } from '../errors.js';
import type { SavedRoot } from '../testing/certificates/saved-root.js';
import { createSavedVirtualApple, type SavedVirtualApple } from '../testing/saved-virtual-apple.js';
import type { CommandVariables } from './command-process.js';
import { UsageError } from './usage-error.js';

/** The file for the virtual Apple of this user, outside of any repository. */
export function defaultVirtualAppleFile({ XDG_STATE_HOME }: Pick<CommandVariables, 'XDG_STATE_HOME'>): string {
  return join(XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'app-attest', 'virtual-apple.json');
}

/**
 * Reads a virtual Apple from a file. If there is no file, creates a virtual Apple and the file. Only the user can read
 * the file, because it contains private keys: anyone who has these keys can forge evidence for each backend that trusts
 * the roots.
 *
 * @throws UsageError
 */
export async function openVirtualAppleFile(path: string): Promise<SavedVirtualApple> {
  try {
    if (!(await exists(path))) await create(path, JSON.stringify(await createSavedVirtualApple(new Date())));
    return readSaved(JSON.parse(await readPrivateFile(path)));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason =
      error instanceof Error && 'code' in error ? String(error.code) : 'not a file that this command created';
    throw new UsageError(`cannot use ${shortText(path)} (${reason})`);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Creates the file with its whole content, so that another process never reads half of it. */
async function create(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomUUID()}`;
  await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
  try {
    await link(temporary, path);
  } catch (error) {
    // Another process has just created the file. Both processes use this file.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await rm(temporary);
  }
}

const OTHERS = 0o077;

async function readPrivateFile(path: string): Promise<string> {
  // Windows has no such permissions. There, the profile of a user is private.
  if (process.platform !== 'win32' && ((await stat(path)).mode & OTHERS) !== 0) {
    throw new UsageError(
      `other users can read the private keys in ${shortText(path)}: run chmod 600 on the file, or remove it`,
    );
  }
  return readFile(path, 'utf8');
}

function readSaved(value: unknown): SavedVirtualApple {
  const { attestationRoot, receiptRoot } = entriesOf(value);
  return { attestationRoot: readRoot(attestationRoot), receiptRoot: readRoot(receiptRoot) };
}

function readRoot(value: unknown): SavedRoot {
  const { certificate, privateKey } = entriesOf(value);
  const isRoot = typeof certificate === 'string' && typeof privateKey === 'string' && isPem('CERTIFICATE', certificate);
  if (!isRoot || !isPem('PRIVATE KEY', privateKey)) throw new Error('incomplete');
  return { certificate, privateKey };
}

function entriesOf(value: unknown): Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
