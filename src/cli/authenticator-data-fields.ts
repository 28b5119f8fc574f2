import { ValidationCategory } from '../authenticator-data/validation-category.js';
import { encodeBase64 } from '../encoding/base64.js';
import { equalBytes, sha256OfText } from '../encoding/bytes.js';
import { decodeUtf8 } from '../encoding/utf8.js';
import type { InspectedAttestedData } from '../explain/inspect-attestation.js';
import type { InspectedAuthenticatorData } from '../explain/inspect-authenticator-data.js';

/** A field of authenticator data (WebAuthn §6.1). */
export interface AuthenticatorDataField {
  /** The offset of the field in authenticator data, in bytes. */
  offset: number;
  /** The length of the field, in bytes. */
  length: number;
  name: string;
  /** The value as text for people. */
  text: string;
}

/** The flags of authenticator data, from the lowest bit (WebAuthn §6.1). */
const FLAGS = ['UP', 'RFU1', 'UV', 'BE', 'BS', 'RFU2', 'AT (attested credential data)', 'ED (extension data)'] as const;

/**
 * Returns the fields of authenticator data with their positions.
 *
 * @param appIds App IDs whose hashes are compared with the RP ID hash
 */
export function authenticatorDataFields(
  data: InspectedAuthenticatorData | InspectedAttestedData,
  appIds: readonly string[],
): AuthenticatorDataField[] {
  const { bytes, rpIdHash, flags, counter } = data;
  const appId = appIds.find((name) => equalBytes(sha256OfText(name), rpIdHash));
  const fields = [
    { name: 'RP ID hash', length: 32, text: appId === undefined ? hex(rpIdHash) : `${hex(rpIdHash)} = ${appId}` },
    { name: 'flags', length: 1, text: `0x${flags.toString(16).padStart(2, '0')} ${flagNames(flags)}`.trim() },
    { name: 'counter', length: 4, text: String(counter) },
    ...('aaguid' in data ? attestedFields(data) : []),
  ];
  const rest = bytes.length - fields.reduce((sum, { length }) => sum + length, 0);
  if (rest > 0) fields.push({ name: 'extensions', length: rest, text: extensionsText(data) });
  let offset = 0;
  return fields.map((field) => {
    const placed = { offset, ...field };
    offset += field.length;
    return placed;
  });
}

function attestedFields({ aaguid, environment, credentialId, bytes, keyId }: InspectedAttestedData) {
  const name = decodeUtf8(aaguid)?.replace(/\0+$/, '');
  const coseKey = bytes.subarray(87, 164);
  return [
    { name: 'AAGUID', length: 16, text: `${name ?? hex(aaguid)} = ${environment ?? 'unknown environment'}` },
    { name: 'credential ID length', length: 2, text: String(credentialId.length) },
    { name: 'credential ID', length: 32, text: encodeBase64(credentialId) },
    { name: 'public key', length: 77, text: `${hex(coseKey)}, key identifier ${keyId}` },
  ];
}

function flagNames(flags: number): string {
  return FLAGS.filter((_, bit) => (flags & (1 << bit)) !== 0).join(' ');
}

function extensionsText({ extensions, unauthenticatedExtensions }: InspectedAuthenticatorData): string {
  const { validationCategory, bundleVersion, codeDirectoryHash } = extensions ?? unauthenticatedExtensions ?? {};
  const parts = [
    validationCategory !== undefined && `validation category ${validationCategory} ${categoryName(validationCategory)}`,
    bundleVersion !== undefined && `bundle version ${JSON.stringify(bundleVersion)}`,
    codeDirectoryHash && `code directory hash ${hex(codeDirectoryHash)}`,
  ].filter((part) => typeof part === 'string');
  const text = parts.join(', ') || 'no known extension';
  return extensions ? text : `${text} (not authenticated: the flags do not include ED)`;
}

function categoryName(category: number): string {
  const [name] = Object.entries(ValidationCategory).find(([, number]) => number === category) ?? [];
  return `(${name ?? 'unknown'})`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
