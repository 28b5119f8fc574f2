import { isBytes } from '../encoding/bytes.js';
import { type Capsule, createCapsule } from '../explain/capsule.js';
import type { AppAttest } from '../server/app-attest.js';
import { hashClientData, readClientData } from '../server/client-data-form.js';
import { configurationOf } from '../server/configuration-of.js';
import type { AcceptedEvidence } from '../server/formats.js';
import type { StoredKey } from '../server/stored-key.js';
import type { Claims } from './claims.js';
import type { Failure } from './failure.js';

/** Makes the capsule of a request that was not accepted. Returns `undefined` if the request has no evidence. */
export function enclose(
  appAttest: AppAttest<AcceptedEvidence>,
  { keyId, evidence }: Claims,
  { code, error }: Failure,
  key: StoredKey | undefined,
): Capsule | undefined {
  const object = evidence && textOrBytes(evidence.object);
  if (!evidence || object === undefined) return undefined;
  const configuration = configurationOf(appAttest);
  const clientData = textOrBytes(evidence.clientData);
  const form = configuration?.clientData ?? 'sha256';
  return createCapsule({
    kind: evidence.kind,
    code,
    // The text of an error of a store or of a function in the options may contain a password or a user.
    message: code === 'unavailable' ? 'a store or a function in the options failed' : error.message,
    date: configuration?.clock.now() ?? new Date(),
    evidence: object,
    keyId: typeof keyId === 'string' ? keyId : undefined,
    clientData,
    clientDataForm: form,
    clientDataHash: clientData === undefined ? undefined : hashOf(form, clientData),
    key,
    appIds: configuration?.appIds,
    environments: configuration?.environments,
    policy: configuration?.policy,
    counterWindow: configuration?.counterWindow,
    verifyReceipts: configuration?.verifyReceipts,
    trustAnchors: configuration?.trustAnchors,
    receiptTrustAnchors: configuration?.receiptTrustAnchors,
  });
}

function textOrBytes(value: unknown): string | Uint8Array | undefined {
  return typeof value === 'string' || isBytes(value) ? value : undefined;
}

/** Returns `undefined` if the client data cannot be decoded. The evidence was then not verified. */
function hashOf(form: Parameters<typeof hashClientData>[0], clientData: string | Uint8Array): Uint8Array | undefined {
  try {
    return hashClientData(form, readClientData(form, clientData));
  } catch {
    return undefined;
  }
}
