/** Values that apps send together with the evidence, and that are found by their usual names. */
export interface EnvelopeFields {
  /** The key identifier. */
  keyId?: string;
  /** The challenge that the app claims to have used. */
  challenge?: string;
  /** The payload that the app claims to have signed. */
  payload?: string;
  /** The public key, PEM. */
  publicKey?: string;
  /** The App ID. */
  appId?: string;
  /** The platform in the JSON of the Capacitor plugin: `"ios"`, `"android"` or `"web"`. */
  platform?: string;
}

/** The evidence in an envelope: text, or an array of bytes as numbers. */
export type EnvelopeContent = string | readonly unknown[];

/** The names of evidence in the envelopes of plugins for Capacitor, Expo, React Native and Flutter, in lower case. */
const EVIDENCE_NAMES: readonly string[] = [
  'token',
  'attestation',
  'attestationobject',
  'attestationstring',
  'attestationdata',
  'attestationresult',
  'attestationbase64',
  'attest',
  'assertion',
  'assertionobject',
  'assertionstring',
  'assertiondata',
  'assertionresult',
  'assertionbase64',
  'authassertion',
  'evidence',
  'receipt',
  'object',
];

/** The names of other values, in lower case. */
const FIELD_NAMES: Readonly<Record<keyof EnvelopeFields, readonly string[]>> = {
  keyId: ['keyid', 'keyidentifier', 'kid', 'credentialid', 'keyidbase64'],
  challenge: ['challenge', 'nonce', 'servernonce', 'serverchallenge'],
  payload: ['payload', 'clientdata', 'clientdatajson', 'signedpayload', 'message'],
  publicKey: ['publickey', 'publickeypem'],
  appId: ['appid', 'appidentifier'],
  platform: ['platform'],
};

const MAX_DEPTH = 4;
const MAX_ENTRIES = 64;

/** Finds the beginning of the evidence in JSON that was cut off. */
const CUT = /"(?:token|attestation\w*|assertion\w*|evidence|receipt|object)"\s*:\s*"([^"]*)"?/i;

/**
 * Finds evidence in JSON. Adds the other known values in the JSON to `fields`.
 *
 * @returns the evidence. `isCut` is true if the JSON is not complete
 */
export function openEnvelope(
  json: string,
  fields: EnvelopeFields,
): { readonly content: EnvelopeContent; readonly isCut: boolean } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    const content = CUT.exec(json)?.[1];
    return content === undefined ? undefined : { content, isCut: true };
  }
  const content = typeof value === 'string' ? value : search(value, fields, MAX_DEPTH);
  return content === undefined ? undefined : { content, isCut: false };
}

function search(value: unknown, fields: EnvelopeFields, depth: number): EnvelopeContent | undefined {
  if (Array.isArray(value)) return isBytes(value) ? value : searchAll(value.slice(0, MAX_ENTRIES), fields, depth);
  if (typeof value !== 'object' || value === null || depth === 0) return undefined;
  const indexed = bytesByIndex(value);
  if (indexed) return indexed;
  const entries = Object.entries(value).slice(0, MAX_ENTRIES);
  readFields(entries, fields);
  const named = entries.toSorted(([a], [b]) => rankOf(a) - rankOf(b));
  for (const [name, entry] of named) {
    if (typeof entry === 'string' && rankOf(name) < EVIDENCE_NAMES.length && entry !== '') return entry;
    const found = typeof entry === 'object' ? search(entry, fields, depth - 1) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function searchAll(values: readonly unknown[], fields: EnvelopeFields, depth: number): EnvelopeContent | undefined {
  for (const value of values) {
    const found = search(value, fields, depth - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readFields(entries: readonly (readonly [string, unknown])[], fields: EnvelopeFields): void {
  for (const [name, value] of entries) {
    // Empty text is not a value. Text with a lone surrogate has no UTF-8 encoding, so it cannot be hashed.
    if (typeof value !== 'string' || value === '' || !value.isWellFormed()) continue;
    const plain = plainName(name);
    if (FIELD_NAMES.keyId.includes(plain)) fields.keyId ??= value;
    if (FIELD_NAMES.challenge.includes(plain)) fields.challenge ??= value;
    if (FIELD_NAMES.payload.includes(plain)) fields.payload ??= value;
    if (FIELD_NAMES.publicKey.includes(plain)) fields.publicKey ??= value;
    if (FIELD_NAMES.appId.includes(plain)) fields.appId ??= value;
    if (FIELD_NAMES.platform.includes(plain)) fields.platform ??= value;
  }
}

/** `attestation_object`, `attestationObject` and `Attestation-Object` are the same name. */
function plainName(name: string): string {
  return name.replace(/[^A-Za-z]/g, '').toLowerCase();
}

function rankOf(name: string): number {
  const rank = EVIDENCE_NAMES.indexOf(plainName(name));
  return rank < 0 ? EVIDENCE_NAMES.length : rank;
}

function isBytes(values: readonly unknown[]): boolean {
  return (
    values.length > 0 && values.every((value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 256)
  );
}

/** `JSON.stringify` writes a `Uint8Array` as an object with the indexes as names. */
function bytesByIndex(value: object): readonly unknown[] | undefined {
  if (!Object.hasOwn(value, '0')) return undefined;
  const values: readonly unknown[] = Object.values(value);
  return isBytes(values) ? values : undefined;
}
