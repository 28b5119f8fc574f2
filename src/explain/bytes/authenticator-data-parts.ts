import { environmentOf } from '../../authenticator-data/aaguid.js';
import { COSE_KEY_LENGTH } from '../../authenticator-data/cose-key.js';
import { CborParts } from './cbor-parts.js';
import { bytesText, type EvidencePart, malformed, type PartBudget } from './evidence-part.js';
import type { Excerpt } from './excerpt.js';

const AT = 0x40;
const ED = 0x80;

/** The names of COSE key parameters. Sources: RFC 9052 §7.1 for kty and alg, RFC 9053 §7.1.1 for crv, x and y. */
const COSE_PARAMETERS: ReadonlyMap<string, string> = new Map([
  ['1', 'kty'],
  ['3', 'alg'],
  ['-1', 'crv'],
  ['-2', 'x'],
  ['-3', 'y'],
]);

/** One field of authenticator data: its name, its length in bytes, and a function that shows its value. */
type FixedField = readonly [name: string, length: number, text: (bytes: Uint8Array) => string];

/** WebAuthn §6.1. */
const COMMON_FIELDS: readonly FixedField[] = [
  ['rpIdHash', 32, bytesText],
  ['flags', 1, ([flags = 0]) => flagsText(flags)],
  ['counter', 4, (bytes) => String(unsigned(bytes))],
];

/** WebAuthn §6.5.1. */
const ATTESTED_FIELDS: readonly FixedField[] = [
  ...COMMON_FIELDS,
  ['aaguid', 16, aaguidText],
  ['credentialIdLength', 2, (bytes) => String(unsigned(bytes))],
  ['credentialId', 32, bytesText],
  ['credentialPublicKey', COSE_KEY_LENGTH, bytesText],
];

/**
 * The fields of authenticator data, and the extensions after them.
 *
 * @param isAttested Whether attested credential data follows the counter. Assertions have no such data, even with the flag AT
 */
export function authenticatorDataParts(
  contents: Excerpt,
  isAttested: boolean,
  budget: PartBudget,
): readonly EvidencePart[] {
  const parts: EvidencePart[] = [];
  let offset = 0;
  for (const [name, length, text] of isAttested ? ATTESTED_FIELDS : COMMON_FIELDS) {
    const field = contents.slice(offset, offset + length);
    if (field.length < length) {
      parts.push(malformed(field, new Error(`${name} has ${field.length} bytes instead of ${length}`)));
      return parts;
    }
    parts.push(budget.part(name, field, text(field.bytes), childrenOf(name, field, budget)));
    offset += length;
  }
  if (offset === contents.length) return parts;
  const extensions = contents.slice(offset);
  const isSigned = ((contents.bytes[FLAGS] ?? 0) & ED) !== 0;
  const value = isSigned ? undefined : 'the flag ED is 0, so this part is not authenticated';
  parts.push(budget.part('extensions', extensions, value, cbor(budget).mapParts(extensions)));
  return parts;
}

const FLAGS = 32;

function childrenOf(name: string, field: Excerpt, budget: PartBudget): readonly EvidencePart[] {
  if (name !== 'credentialPublicKey') return [];
  return new CborParts(
    budget,
    () => undefined,
    (key) => COSE_PARAMETERS.get(key) ?? key,
  ).mapParts(field);
}

function cbor(budget: PartBudget): CborParts {
  return new CborParts(budget, () => undefined);
}

/** For example `0xc0 (AT, ED)`. */
function flagsText(flags: number): string {
  const names = [
    ['AT', AT],
    ['ED', ED],
  ] as const;
  const set = names.filter(([, flag]) => (flags & flag) !== 0).map(([name]) => name);
  return `0x${flags.toString(16).padStart(2, '0')} (${set.join(', ') || 'none'})`;
}

function aaguidText(bytes: Uint8Array): string {
  return environmentOf(bytes) ?? bytesText(bytes);
}

function unsigned(bytes: Uint8Array): number {
  return bytes.reduce((number, byte) => number * 256 + byte, 0);
}
