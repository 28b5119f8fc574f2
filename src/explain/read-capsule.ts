import type { ExtensionPolicy } from '../authenticator-data/extension-policy.js';
import { decodeBase64 } from '../encoding/base64.js';
import { isAppId } from '../options/app-id.js';
import type { Environment } from '../options/environment.js';
import type { ExplainAssertionOptions } from './assertion-options.js';
import type { ExplainAttestationOptions } from './attestation-options.js';
import type { Capsule } from './capsule.js';

/** The values in a capsule that explain the rejection. Values that are missing or replaced with a digest are absent. */
export interface CapsuleValues {
  readonly kind: Capsule['kind'];
  /** The code of the rejection. */
  readonly code: string;
  /** Base64 or base64url, as the client sent it. Absent if the evidence was too long for the capsule. */
  readonly evidence?: string;
  readonly date?: Date;
  readonly keyId?: string;
  /** The challenge or the signed payload: text, or bytes. */
  readonly clientData?: string | Uint8Array;
  readonly clientDataForm: Capsule['clientDataForm'];
  readonly publicKey?: string;
  /** The stored counter. Absent if the rejected request itself may have stored it. */
  readonly counter?: number;
  readonly appIds: readonly string[];
  readonly environments: readonly Environment[];
  /** If `bundleVersions` was a function, this policy omits it. */
  readonly policy?: ExtensionPolicy;
  readonly trustAnchors?: readonly Uint8Array[];
}

/** The maximum length of the JSON, in UTF-16 code units. A capsule is at most about 300 KiB long. */
const MAX_LENGTH = 524_288;
/** Each trust anchor is decoded, and each may cost a signature verification. */
const MAX_TRUST_ANCHORS = 64;
const ENVIRONMENTS: readonly Environment[] = ['production', 'development'];
const FORMS: readonly Capsule['clientDataForm'][] = ['sha256', 'sha256-decoded', 'raw'];
/**
 * Codes of rejections that can follow after the server stored the counter of the request, because the server compares
 * the body last. The counter in the capsule was read even later, so it may be the counter of the rejected request.
 */
const CODES_OF_BODY: ReadonlySet<unknown> = new Set([
  'request_mismatch',
  'body_incomplete',
  'body_timeout',
  'body_too_large',
]);

/**
 * Reads a capsule from its JSON. The JSON may come from any source, so the type of each value is checked. Values of a wrong
 * type are ignored.
 *
 * @returns `undefined` if the text is not a capsule
 */
export function readCapsule(json: string): CapsuleValues | undefined {
  const capsule = json.length > MAX_LENGTH ? undefined : objectIn(json);
  const { version, kind, code, clientDataForm, evidence, date, keyId, appIds, environments } = capsule ?? {};
  const { key: foundKey, clientData: foundClientData, policy: foundPolicy, trustAnchors } = capsule ?? {};
  if (version !== 1 || (kind !== 'attestation' && kind !== 'assertion')) return undefined;
  const key = asObject(foundKey);
  const clientData = clientDataOf(asObject(foundClientData));
  const decidedAt = typeof date === 'string' ? new Date(date) : undefined;
  const policy = policyOf(asObject(foundPolicy));
  const anchors = textsIn(trustAnchors).slice(0, MAX_TRUST_ANCHORS).flatMap(bytesIn);
  const { publicKey, counter } = key ?? {};
  return {
    kind,
    code: typeof code === 'string' ? code.slice(0, 64) : '',
    ...(typeof evidence === 'string' && { evidence }),
    ...(decidedAt && !Number.isNaN(decidedAt.getTime()) && { date: decidedAt }),
    ...(typeof keyId === 'string' && { keyId }),
    ...(clientData !== undefined && { clientData }),
    clientDataForm: FORMS.find((form) => form === clientDataForm) ?? 'sha256',
    ...(typeof publicKey === 'string' && { publicKey }),
    ...(typeof counter === 'number' && !CODES_OF_BODY.has(code) && { counter }),
    appIds: textsIn(appIds).filter(isAppId),
    environments: ENVIRONMENTS.filter((known) => textsIn(environments).includes(known)),
    ...(policy && { policy }),
    ...(anchors.length > 0 && { trustAnchors: anchors }),
  };
}

/** Converts the values of a capsule to the options of `explainAttestation` or `explainAssertion`. */
export function optionsOfCapsule(
  values: CapsuleValues & { readonly evidence: string },
): { readonly attestation: ExplainAttestationOptions } | { readonly assertion: ExplainAssertionOptions } {
  const { kind, evidence, clientData, keyId, date, publicKey, counter, appIds, environments } = values;
  const shared = {
    ...(appIds.length > 0 && { appId: appIds }),
    ...(values.policy && { policy: values.policy }),
  };
  const clientDataIs = (name: 'challenge' | 'payload') => clientDataOption(name, clientData, values.clientDataForm);
  if (kind === 'assertion') {
    return { assertion: { assertion: evidence, publicKey, counter, ...clientDataIs('payload'), ...shared } };
  }
  const { trustAnchors } = values;
  const environment = environments.length > 0 ? environments : undefined;
  return {
    attestation: {
      attestation: evidence,
      keyId,
      date,
      environment,
      trustAnchors,
      ...clientDataIs('challenge'),
      ...shared,
    },
  };
}

/** Returns the option `challenge`, `payload` or `clientDataHash`, depending on the form of the client data. */
export function clientDataOption<Name extends 'challenge' | 'payload'>(
  name: Name,
  clientData: string | Uint8Array | undefined,
  form: Capsule['clientDataForm'],
): { readonly [name in Name]?: string | Uint8Array } | { readonly clientDataHash: Uint8Array } {
  if (clientData === undefined) return {};
  if (form === 'raw') {
    return { clientDataHash: typeof clientData === 'string' ? new TextEncoder().encode(clientData) : clientData };
  }
  const isText = form === 'sha256-decoded' && typeof clientData === 'string';
  const [value = clientData] = isText ? bytesIn(clientData) : [];
  return named(name, value);
}

function named<Name extends string, Value>(name: Name, value: Value): { [name in Name]?: Value } {
  const option: { [name in Name]?: Value } = {};
  option[name] = value;
  return option;
}

type JsonObject = Partial<Record<string, unknown>>;

function objectIn(json: string): JsonObject | undefined {
  try {
    return asObject(JSON.parse(json));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function textsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry: unknown) => typeof entry === 'string') : [];
}

function bytesIn(base64: string): readonly Uint8Array[] {
  try {
    return [new Uint8Array(decodeBase64(base64))];
  } catch {
    return [];
  }
}

function clientDataOf(clientData: JsonObject | undefined): string | Uint8Array | undefined {
  const { text, base64 } = clientData ?? {};
  if (typeof text === 'string') return text;
  return typeof base64 === 'string' ? bytesIn(base64)[0] : undefined;
}

function policyOf(policy: JsonObject | undefined): ExtensionPolicy | undefined {
  if (!policy) return undefined;
  const { validationCategories, bundleVersions, codeDirectoryHashes, whenAbsent, whenDropped } = policy;
  return {
    ...(Array.isArray(validationCategories) && {
      validationCategories: validationCategories.filter((category: unknown) => typeof category === 'number'),
    }),
    ...(Array.isArray(bundleVersions) && { bundleVersions: textsIn(bundleVersions) }),
    ...(Array.isArray(codeDirectoryHashes) && { codeDirectoryHashes: textsIn(codeDirectoryHashes) }),
    ...((whenAbsent === 'accept' || whenAbsent === 'reject') && { whenAbsent }),
    ...((whenDropped === 'accept' || whenDropped === 'reject') && { whenDropped }),
  };
}
