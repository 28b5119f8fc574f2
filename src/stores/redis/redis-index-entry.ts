import { randomBytes } from 'node:crypto';

/**
 * An attested key in an index. The tag is random. While the entry is valid, the Redis hash of the key contains the same tag. An
 * entry whose tag is not in the hash can therefore be removed. Such an entry belongs to an earlier registration of the key, or
 * remained after a crash.
 */
export interface IndexEntry {
  readonly keyId: string;
  readonly tag: string;
}

export function newTag(): string {
  return randomBytes(9).toString('base64url');
}

// The space sorts before all characters of base64. Entries are therefore in the byte order of their key identifiers, even if
// one identifier is the beginning of another identifier.

/** Returns the member of the sorted set for this entry. */
export function entryText({ keyId, tag }: IndexEntry): string {
  return `${keyId} ${tag}`;
}

export function readEntry(text: string): IndexEntry {
  const space = text.lastIndexOf(' ');
  return { keyId: text.slice(0, space), tag: text.slice(space + 1) };
}

/** The start of a range of entries, for `ZRANGEBYLEX`. */
export type RangeStart = string;

export const FIRST_ENTRY: RangeStart = '-';

/** Returns the start after all entries of this key. `!` is the character after the space. */
export function afterKey(keyId: string): RangeStart {
  return `[${keyId}!`;
}

export function afterEntry(entry: IndexEntry): RangeStart {
  return `(${entryText(entry)}`;
}
