import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError, shortHex, shortText } from '../errors.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { isAsynchronous } from '../runtime/asynchronous.js';
import type { AuthenticatorExtensions } from './authenticator-extensions.js';

/**
 * A server's requirements for the extensions that iOS 27 and later sign. Evidence must meet all requirements. Evidence with
 * an extension that does not meet its requirement is always rejected. `whenAbsent` decides whether an extension may be
 * missing. If the signed flags do not include ED (0x80), all extensions count as missing.
 *
 * @example
 * ```ts
 * const policy: ExtensionPolicy = {
 *   validationCategories: [ValidationCategory.AppStore, ValidationCategory.TestFlight],
 *   whenAbsent: 'accept',
 * };
 * ```
 */
export interface ExtensionPolicy {
  /** Accepted `ValidationCategory` numbers. */
  validationCategories?: readonly number[];
  /** Accepted values of `CFBundleVersion`, or a function that returns `true` for an accepted value. */
  bundleVersions?: readonly string[] | ((bundleVersion: string) => boolean);
  /**
   * Accepted code directory hashes as hex. A hash has 32 bytes, or only the first 20 (the `CDHash` that `codesign` prints).
   */
  codeDirectoryHashes?: readonly string[];
  /**
   * Whether evidence without a required extension is accepted. The default is `'accept'`, because iOS 26 and earlier
   * send no extensions. With `'reject'`, evidence without signed extensions is rejected even if the policy has no other
   * requirement. Without another requirement, the policy accepts every signed extension map, even an empty map.
   */
  whenAbsent?: 'accept' | 'reject';
  /**
   * Whether `app-attest/server` accepts an assertion without extensions from a key whose earlier evidence had extensions. The
   * default is `'reject'`. With `'accept'`, a key stays usable after an app update that was built with an older SDK, unless
   * `whenAbsent` is `'reject'`. But an attacker can then install an old build of the app, whose evidence has no extensions,
   * to evade the other requirements. `verifyAttestation` and `verifyAssertion` ignore this property, because they do not know
   * earlier evidence.
   */
  whenDropped?: 'reject' | 'accept';
}

/** A checked policy. */
export type CheckedExtensionPolicy = Readonly<{
  validationCategories: ReadonlySet<number> | undefined;
  bundleVersions: ((bundleVersion: string) => boolean) | undefined;
  codeDirectoryHashes: readonly Uint8Array[] | undefined;
  rejectAbsent: boolean;
}>;

const KNOWN_ENTRIES: KnownOptions<ExtensionPolicy> = {
  validationCategories: 'never undefined',
  bundleVersions: 'never undefined',
  codeDirectoryHashes: 'never undefined',
  whenAbsent: 'never undefined',
  whenDropped: 'never undefined',
};

const SHA256_LENGTH = 32;
const TRUNCATED_LENGTH = 20;

/**
 * Checks a policy before any evidence is decoded. A misspelt property is an error, because its check would otherwise be
 * skipped.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readExtensionPolicy(policy: ExtensionPolicy | undefined): CheckedExtensionPolicy | undefined {
  const kept = keepExtensionPolicy(policy);
  if (kept === undefined) return undefined;
  const { validationCategories, bundleVersions, codeDirectoryHashes, whenAbsent } = kept;
  return {
    validationCategories: validationCategories && new Set(validationCategories),
    bundleVersions: typeof bundleVersions === 'object' ? isOneOf(bundleVersions) : bundleVersions,
    codeDirectoryHashes: codeDirectoryHashes?.map((hash) => Buffer.from(hash, 'hex')),
    rejectAbsent: whenAbsent === 'reject',
  };
}

/**
 * Checks and copies a policy. The caller cannot change the copy.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function keepExtensionPolicy(policy: ExtensionPolicy | undefined): Readonly<ExtensionPolicy> | undefined {
  if (policy === undefined) return undefined;
  const entries = readKnownOptions('policy', policy, KNOWN_ENTRIES);
  const { validationCategories, bundleVersions, codeDirectoryHashes } = entries;
  const { whenAbsent = 'accept', whenDropped = 'reject' } = entries;
  if (whenAbsent !== 'accept' && whenAbsent !== 'reject') throw invalid("whenAbsent must be 'accept' or 'reject'");
  if (whenDropped !== 'accept' && whenDropped !== 'reject') throw invalid("whenDropped must be 'reject' or 'accept'");
  return {
    ...(validationCategories !== undefined && { validationCategories: keepCategories(validationCategories) }),
    ...(bundleVersions !== undefined && { bundleVersions: keepBundleVersions(bundleVersions) }),
    ...(codeDirectoryHashes !== undefined && { codeDirectoryHashes: keepCodeDirectoryHashes(codeDirectoryHashes) }),
    whenAbsent,
    whenDropped,
  };
}

type Entry<Name extends keyof ExtensionPolicy> = NonNullable<ExtensionPolicy[Name]>;

function keepCategories(categories: Entry<'validationCategories'>): readonly number[] {
  return keepArray(categories, Number.isInteger, 'validationCategories must be an array of integers');
}

function keepBundleVersions(accepted: Entry<'bundleVersions'>): Entry<'bundleVersions'> {
  if (typeof accepted === 'function') return accepted;
  const isVersion = (version: unknown): boolean => typeof version === 'string';
  return keepArray(accepted, isVersion, 'bundleVersions must be an array of strings or a function');
}

function keepCodeDirectoryHashes(hashes: Entry<'codeDirectoryHashes'>): readonly string[] {
  const isHash = (hash: unknown): boolean => typeof hash === 'string' && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/i.test(hash);
  return keepArray(hashes, isHash, 'codeDirectoryHashes must be an array of strings of 40 or 64 hex digits');
}

function keepArray<Element>(
  array: readonly Element[],
  test: (element: unknown) => boolean,
  message: string,
): readonly Element[] {
  const kept = Array.isArray(array) ? Array.from(array) : undefined;
  if (kept?.every(test)) return kept;
  throw invalid(message);
}

function isOneOf(accepted: readonly string[]): (bundleVersion: string) => boolean {
  const versions = new Set(accepted);
  return (bundleVersion) => versions.has(bundleVersion);
}

/**
 * Checks signed extensions against the policy.
 *
 * @throws AppAttestError `extension_missing`. `extension_rejected`, also if the `bundleVersions` function throws.
 *   `invalid_argument` if the `bundleVersions` function does not return a boolean
 */
export function assertExtensions(
  extensions: AuthenticatorExtensions | undefined,
  policy: CheckedExtensionPolicy | undefined,
): void {
  if (policy === undefined) return;
  if (extensions === undefined && policy.rejectAbsent) throw missing('extensions');

  const { validationCategory, bundleVersion, codeDirectoryHash } = extensions ?? {};
  const { validationCategories, bundleVersions, codeDirectoryHashes, rejectAbsent } = policy;
  if (validationCategories !== undefined) {
    if (validationCategory === undefined) assertMayBeAbsent('validation category', rejectAbsent);
    else assertValidationCategory(validationCategory, validationCategories);
  }
  if (bundleVersions !== undefined) {
    if (bundleVersion === undefined) assertMayBeAbsent('bundle version', rejectAbsent);
    else assertBundleVersion(bundleVersion, bundleVersions);
  }
  if (codeDirectoryHashes !== undefined) {
    if (codeDirectoryHash === undefined) assertMayBeAbsent('code directory hash', rejectAbsent);
    else assertCodeDirectoryHash(codeDirectoryHash, codeDirectoryHashes);
  }
}

function assertMayBeAbsent(name: string, rejectAbsent: boolean): void {
  if (rejectAbsent) throw missing(name);
}

function assertValidationCategory(category: number, accepted: ReadonlySet<number>): void {
  if (accepted.has(category)) return;
  throw rejected('validation category', [...accepted].join(' or '), String(category));
}

function assertBundleVersion(bundleVersion: string, accepts: (bundleVersion: string) => unknown): void {
  let accepted: unknown;
  try {
    accepted = accepts(bundleVersion);
  } catch (cause) {
    throw new AppAttestError('extension_rejected', 'the bundleVersions function threw an error', { cause });
  }
  // A promise is truthy, so an async function would accept every version.
  if (isAsynchronous(accepted) || typeof accepted !== 'boolean') {
    throw invalid('the bundleVersions function must return a boolean');
  }
  if (!accepted) throw rejected('bundle version', 'a version that the policy accepts', shortText(bundleVersion));
}

function assertCodeDirectoryHash(hash: Uint8Array, accepted: readonly Uint8Array[]): void {
  if (accepted.some((candidate) => isSameCodeDirectory(hash, candidate))) return;
  throw rejected('code directory hash', accepted.map(shortHex).join(' or '), shortHex(hash));
}

/**
 * Compares two code directory hashes. A hash of 20 bytes is the beginning of a hash of 32 bytes. So if one of the hashes
 * has 20 bytes, only the first 20 bytes are compared. Hashes of other lengths are never equal.
 */
function isSameCodeDirectory(a: Uint8Array, b: Uint8Array): boolean {
  const lengths = [a.length, b.length];
  if (!lengths.every((length) => length === SHA256_LENGTH || length === TRUNCATED_LENGTH)) return false;
  const compared = Math.min(...lengths);
  return equalBytes(a.subarray(0, compared), b.subarray(0, compared));
}

function invalid(message: string): AppAttestError {
  return new AppAttestError('invalid_argument', message);
}

function missing(name: string): AppAttestError {
  return new AppAttestError('extension_missing', `the evidence has no ${name}, which the policy requires`);
}

function rejected(name: string, expected: string, actual: string): AppAttestError {
  return new AppAttestError('extension_rejected', `the policy does not accept the ${name}`, { expected, actual });
}
