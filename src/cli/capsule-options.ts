import { encodePem } from '../encoding/pem.js';
import { shortText } from '../errors.js';
import type { ExplainAssertionOptions } from '../explain/assertion-options.js';
import type { ExplainAttestationOptions } from '../explain/attestation-options.js';
import type { Capsule } from '../explain/capsule.js';
import { isEnvironment } from '../options/environment.js';
import { UsageError } from './usage-error.js';

/** The data of a capsule from which evidence is explained again. */
export interface ReadCapsule {
  readonly kind: Capsule['kind'];
  /** ISO 8601. */
  readonly date: string;
  /** The code and the message of the rejection. */
  readonly code: string;
  readonly message: string;
  readonly package: string;
  readonly runtime: string;
  readonly attestation?: ExplainAttestationOptions;
  readonly assertion?: ExplainAssertionOptions;
  /** What the capsule does not contain, and what this means. */
  readonly notes: readonly string[];
}

type Json = Partial<Record<string, unknown>>;

/**
 * Reads a capsule. Values of the wrong type are errors, because the capsule may have been edited.
 *
 * @throws UsageError
 */
export function readCapsule(text: string): ReadCapsule {
  const capsule = parse(text);
  const { version, kind, evidence } = capsule;
  if (version !== 1) throw new UsageError('the input is not a capsule of version 1');
  if (kind !== 'attestation' && kind !== 'assertion') throw new UsageError('kind of the capsule is wrong');
  if (typeof evidence !== 'string') {
    throw new UsageError('the capsule contains only the digest of the evidence, because the evidence was too long');
  }
  const notes: string[] = [];
  const shared = {
    appId: textsIn(capsule, 'appIds'),
    ...readClientData(capsule, kind === 'attestation' ? 'challenge' : 'payload', notes),
    ...readPolicy(capsule, notes),
  };
  const date = textIn(capsule, 'date') ?? '';
  const trustAnchors = textsIn(capsule, 'trustAnchors')?.map((der) =>
    encodePem('CERTIFICATE', Buffer.from(der, 'base64')),
  );
  if (trustAnchors)
    notes.push('The evidence is checked with the root certificates of the capsule, not with that of Apple.');
  const environment = textsIn(capsule, 'environments')?.filter(isEnvironment);
  const options =
    kind === 'attestation'
      ? {
          attestation: {
            attestation: evidence,
            keyId: textIn(capsule, 'keyId'),
            date: readTime(date),
            environment,
            trustAnchors,
            ...shared,
          },
        }
      : { assertion: { assertion: evidence, ...readKey(capsule, notes), ...shared } };
  return {
    kind,
    date,
    code: textIn(capsule, 'code') ?? '',
    message: textIn(capsule, 'message') ?? '',
    package: textIn(capsule, 'package') ?? '',
    runtime: textIn(capsule, 'runtime') ?? '',
    ...options,
    notes,
  };
}

function parse(text: string): Json {
  try {
    return objectIn(JSON.parse(text));
  } catch {
    throw new UsageError('the input is not JSON. A capsule is one JSON object. From a file of lines, pass one line');
  }
}

/** The client data, or its hash if the server hashed it in another form. */
function readClientData(capsule: Json, name: 'challenge' | 'payload', notes: string[]) {
  const { clientData, clientDataForm, clientDataHash: hash } = capsule;
  const { text, base64 } = objectIn(clientData);
  if (clientDataForm === 'sha256') {
    if (typeof text === 'string') return { [name]: text };
    if (typeof base64 === 'string') return { [name]: Buffer.from(base64, 'base64') };
  }
  if (typeof hash === 'string') return { clientDataHash: Buffer.from(hash, 'base64') };
  notes.push(`The capsule does not contain the ${name}, so it is not checked.`);
  return {};
}

function readPolicy({ policy: found }: Json, notes: string[]) {
  if (found === undefined) return {};
  const { bundleVersions, ...policy } = objectIn(found);
  if (bundleVersions !== 'function')
    return { policy: { ...policy, ...(bundleVersions !== undefined && { bundleVersions }) } };
  notes.push('The function bundleVersions of the policy is not in the capsule, so bundle versions are not checked.');
  return { policy };
}

function readKey({ key, counterWindow }: Json, notes: string[]) {
  if (key === undefined) {
    notes.push('The capsule has no key, because the key was not registered or could not be read.');
    return {};
  }
  const { publicKey, counter } = objectIn(key);
  if (typeof publicKey !== 'string' || typeof counter !== 'number') throw new UsageError('key of the capsule is wrong');
  if (typeof counterWindow === 'number' && counterWindow > 0) {
    notes.push(`The server accepts unseen counters up to ${counterWindow} below the stored counter.`);
  }
  notes.push('The counter was read after the decision, so it may be the counter of a later request.');
  return { publicKey, counter };
}

function readTime(text: string): Date {
  const date = new Date(text);
  if (!Number.isNaN(date.getTime())) return date;
  throw new UsageError(`date ${shortText(text)} of the capsule is wrong`);
}

function textIn(capsule: Json, name: string): string | undefined {
  const value = capsule[name];
  if (value === undefined || typeof value === 'string') return value;
  throw new UsageError(`${name} of the capsule is wrong`);
}

function textsIn(capsule: Json, name: string): string[] | undefined {
  const value = capsule[name];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((entry): entry is string => typeof entry === 'string')) return value;
  throw new UsageError(`${name} of the capsule is wrong`);
}

function objectIn(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
