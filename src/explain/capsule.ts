import { MAX_ASSERTION_LENGTH } from '../assertion/assertion-object.js';
import { MAX_ATTESTATION_LENGTH } from '../attestation/attestation-object.js';
import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import type { ExtensionPolicy } from '../authenticator-data/extension-policy.js';
import { encodeBase64, maxBase64Length } from '../encoding/base64.js';
import { sha256, sha256OfText } from '../encoding/bytes.js';
import type { Environment } from '../options/environment.js';
import { PACKAGE_VERSION } from '../runtime/package-version.js';

/** The digest of a value that is too long for a capsule. */
export interface CapsuleDigest {
  /** SHA-256 of the text in UTF-8 or of the bytes, base64. */
  sha256: string;
  /** The length of the value: UTF-16 code units of text, or bytes. */
  length: number;
}

/** A value as the client sent it: text, bytes as base64, or only its digest. */
export type CapsuleValue =
  | {
      /** Text, as the client sent it. */
      text: string;
    }
  | {
      /** Bytes, base64. */
      base64: string;
    }
  | CapsuleDigest;

/** The properties of a registered key that are compared with an assertion. The key was read after the decision. */
export interface CapsuleKey {
  /** SubjectPublicKeyInfo, PEM. */
  publicKey: string;
  /** The highest counter that was accepted. */
  counter: number;
  /** The app that generated the key. */
  appId: string;
  /** The App Attest environment of the key. */
  environment: Environment;
  /** The extensions of earlier evidence of the key. */
  extensions?: CapsuleExtensions;
  /** ISO 8601. */
  createdAt: string;
  /** ISO 8601. */
  revokedAt?: string;
}

/** Extensions as JSON. */
export interface CapsuleExtensions {
  /** A `ValidationCategory`, or a number that this version does not know. */
  validationCategory?: number;
  /** `CFBundleVersion`. */
  bundleVersion?: string;
  /** Base64. */
  codeDirectoryHash?: string;
}

/**
 * The data that is needed to verify rejected evidence again and to explain the rejection, as JSON. A capsule is at most about
 * 300 KiB long. Evidence and client data that are too long are replaced with their digests.
 *
 * A capsule contains no headers, cookies, private keys or users. It contains the signed payload. If the app sends the JSON of
 * the Capacitor plugin, the payload contains the content of the request, which may be personal data. Treat a capsule like the
 * body of a request.
 *
 * @example
 * ```ts
 * onDecision: ({ evidence }) => {
 *   if (evidence) appendFileSync('refused.jsonl', `${JSON.stringify(evidence)}\n`);
 * }
 * ```
 */
export interface Capsule {
  /** The version of this format. */
  version: 1;
  /** The type of the evidence. */
  kind: 'attestation' | 'assertion';
  /** The time of the rejection, by the clock of the server, ISO 8601. */
  date: string;
  /** The code of the rejection. */
  code: string;
  /** The message of the error. It omits the text of errors that were thrown by stores or by functions in the options. */
  message: string;
  /** The attestation object or assertion object. Text is as the client sent it: base64 or base64url. Bytes are base64. */
  evidence: string | CapsuleDigest;
  /** The key identifier as the client sent it. Absent if it has more than 256 characters. */
  keyId?: string;
  /** The `challenge` of a registration, or the signed payload of a request. */
  clientData?: CapsuleValue;
  /** How the app computes the `clientDataHash` from the client data, as the option `clientData` of the server states. */
  clientDataForm: 'sha256' | 'sha256-decoded' | 'raw';
  /** The `clientDataHash` that the server computed from `clientData` and `clientDataForm`, base64. */
  clientDataHash?: string | CapsuleDigest;
  /** The registered key. Only for assertions, and only if the handlers read the key from the store. */
  key?: CapsuleKey;
  /**
   * The accepted App IDs. This field and the next fields, up to `receiptTrustAnchors`, are absent if the server's options are
   * not known.
   */
  appIds?: string[];
  /** The accepted environments. */
  environments?: Environment[];
  /** The policy. A function for `bundleVersions` becomes the text `'function'`. */
  policy?: Omit<ExtensionPolicy, 'bundleVersions'> & {
    /** The accepted bundle versions, or `'function'`. */
    bundleVersions?: string[] | 'function';
  };
  /** How far a counter may be below the highest accepted counter. */
  counterWindow?: number;
  /** Whether a registration must contain a genuine receipt. */
  verifyReceipts?: boolean;
  /** The root certificates that the server trusts instead of Apple's root, base64 of DER. */
  trustAnchors?: string[];
  /** The root certificates that the server trusts for receipts instead of Apple's root, base64 of DER. */
  receiptTrustAnchors?: string[];
  /** The version of this package. */
  package: string;
  /** The runtime, for example `"node 22.12.0"`. */
  runtime: string;
}

/** The data of a capsule before it is encoded. */
export interface CapsuleContent {
  readonly kind: Capsule['kind'];
  readonly code: string;
  readonly message: string;
  readonly date: Date;
  readonly evidence: string | Uint8Array;
  readonly keyId: string | undefined;
  readonly clientData: string | Uint8Array | undefined;
  readonly clientDataForm: Capsule['clientDataForm'];
  readonly clientDataHash: Uint8Array | undefined;
  readonly key:
    | {
        readonly publicKey: string;
        readonly counter: number;
        readonly appId: string;
        readonly environment: Environment;
        readonly extensions?: AuthenticatorExtensions;
        readonly createdAt: Date;
        readonly revokedAt?: Date;
      }
    | undefined;
  readonly appIds: readonly string[] | undefined;
  readonly environments: readonly Environment[] | undefined;
  readonly policy: Readonly<ExtensionPolicy> | undefined;
  readonly counterWindow: number | undefined;
  readonly verifyReceipts: boolean | undefined;
  readonly trustAnchors: readonly Uint8Array[] | undefined;
  readonly receiptTrustAnchors: readonly Uint8Array[] | undefined;
}

const MAX_KEY_ID_LENGTH = 256;
const MAX_MESSAGE_LENGTH = 1024;
const MAX_CLIENT_DATA_LENGTH = 65_536;
const MAX_EVIDENCE_LENGTH = { attestation: MAX_ATTESTATION_LENGTH, assertion: MAX_ASSERTION_LENGTH };

export function createCapsule(content: CapsuleContent): Capsule {
  const { kind, code, message, date, evidence, keyId, clientData, clientDataForm, clientDataHash, key } = content;
  const { appIds, environments, policy, counterWindow, verifyReceipts, trustAnchors, receiptTrustAnchors } = content;
  return {
    version: 1,
    kind,
    date: date.toISOString(),
    code,
    message: message.slice(0, MAX_MESSAGE_LENGTH),
    evidence: evidenceOf(evidence, MAX_EVIDENCE_LENGTH[kind]),
    ...(keyId !== undefined && keyId.length <= MAX_KEY_ID_LENGTH && { keyId }),
    ...(clientData !== undefined && { clientData: clientDataOf(clientData) }),
    clientDataForm,
    ...(clientDataHash && { clientDataHash: evidenceOf(clientDataHash, MAX_CLIENT_DATA_LENGTH) }),
    ...(key && { key: keyOf(key) }),
    ...(appIds && { appIds: [...appIds] }),
    ...(environments && { environments: [...environments] }),
    ...(policy && { policy: policyOf(policy) }),
    ...(counterWindow !== undefined && { counterWindow }),
    ...(verifyReceipts !== undefined && { verifyReceipts }),
    ...(trustAnchors && { trustAnchors: trustAnchors.map(encodeBase64) }),
    ...(receiptTrustAnchors && { receiptTrustAnchors: receiptTrustAnchors.map(encodeBase64) }),
    package: PACKAGE_VERSION,
    runtime: runtime(),
  };
}

/** @param maxLength The maximum length of the decoded evidence, in bytes */
function evidenceOf(evidence: string | Uint8Array, maxLength: number): string | CapsuleDigest {
  if (typeof evidence === 'string') return fits(evidence, maxBase64Length(maxLength)) ? evidence : digestOf(evidence);
  return evidence.length <= maxLength ? encodeBase64(evidence) : digestOf(evidence);
}

function clientDataOf(value: string | Uint8Array): CapsuleValue {
  if (typeof value === 'string') return fits(value, MAX_CLIENT_DATA_LENGTH) ? { text: value } : digestOf(value);
  return value.length <= MAX_CLIENT_DATA_LENGTH ? { base64: encodeBase64(value) } : digestOf(value);
}

/** Returns whether text is short enough in JSON. JSON escapes some characters with six characters. */
function fits(text: string, maxLength: number): boolean {
  return text.length <= maxLength && Buffer.byteLength(JSON.stringify(text)) <= maxLength + 2;
}

function digestOf(value: string | Uint8Array): CapsuleDigest {
  const digest = typeof value === 'string' ? sha256OfText(value) : sha256(value);
  return { sha256: encodeBase64(digest), length: value.length };
}

function keyOf(key: NonNullable<CapsuleContent['key']>): CapsuleKey {
  const { publicKey, counter, appId, environment, extensions, createdAt, revokedAt } = key;
  return {
    publicKey,
    counter,
    appId,
    environment,
    ...(extensions && { extensions: extensionsOf(extensions) }),
    createdAt: createdAt.toISOString(),
    ...(revokedAt && { revokedAt: revokedAt.toISOString() }),
  };
}

function extensionsOf({ codeDirectoryHash, ...extensions }: AuthenticatorExtensions): CapsuleExtensions {
  return { ...extensions, ...(codeDirectoryHash && { codeDirectoryHash: encodeBase64(codeDirectoryHash) }) };
}

function policyOf({ bundleVersions, ...policy }: Readonly<ExtensionPolicy>): NonNullable<Capsule['policy']> {
  if (bundleVersions === undefined) return policy;
  return { ...policy, bundleVersions: typeof bundleVersions === 'function' ? 'function' : [...bundleVersions] };
}

function runtime(): string {
  const { bun, deno, node } = process.versions;
  if (bun !== undefined) return `bun ${bun}`;
  return deno === undefined ? `node ${node}` : `deno ${deno}`;
}
