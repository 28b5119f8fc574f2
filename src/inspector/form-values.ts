import { encodeBase64 } from '../encoding/base64.js';
import { decodeUtf8 } from '../encoding/utf8.js';
import type { PastedEvidence } from '../explain/evidence-text.js';
import { type CapsuleValues, readCapsule } from '../explain/read-capsule.js';

/** The values in the form, as text. A value that is empty text is not compared. */
export interface FormValues {
  /** Evidence as it was pasted. */
  readonly evidence: string;
  /** App IDs, separated by commas or white space. */
  readonly appId: string;
  /** The challenge of an attestation, or the payload of an assertion. */
  readonly clientData: string;
  /** How the app computes `clientDataHash` from the challenge or the payload. */
  readonly clientDataForm: CapsuleValues['clientDataForm'];
  readonly keyId: string;
  readonly environment: 'production' | 'development' | 'either';
  /** The date of the check, ISO 8601. Empty text means the current date. */
  readonly date: string;
  /** PEM. */
  readonly publicKey: string;
  /** The last accepted counter, decimal. */
  readonly counter: string;
}

/** The maximum length of text that the page reads, in UTF-16 code units. A capsule is at most about 300 KiB long. */
export const MAX_INPUT_LENGTH = 524_288;

export const EMPTY_FORM: FormValues = {
  evidence: '',
  appId: '',
  clientData: '',
  clientDataForm: 'sha256',
  keyId: '',
  environment: 'production',
  date: '',
  publicKey: '',
  counter: '',
};

/** Fills the form with the values that were pasted with the evidence, in a capsule or a JSON envelope. */
export function withPastedValues(form: FormValues, evidence: string, { fields }: PastedEvidence): FormValues {
  const capsule = readCapsule(evidence);
  if (capsule) return formOfCapsule(evidence, capsule);
  const clientData = fields.challenge ?? fields.payload;
  return {
    ...form,
    evidence,
    ...(fields.appId !== undefined && { appId: fields.appId }),
    ...(clientData !== undefined && { clientData }),
    ...(fields.keyId !== undefined && { keyId: fields.keyId }),
    ...(fields.publicKey !== undefined && { publicKey: fields.publicKey }),
  };
}

function formOfCapsule(evidence: string, capsule: CapsuleValues): FormValues {
  const { appIds, keyId, environments, date, publicKey, counter } = capsule;
  return {
    evidence,
    appId: appIds.join(', '),
    ...clientDataOf(capsule),
    keyId: keyId ?? '',
    environment: environments.length > 1 ? 'either' : (environments[0] ?? 'production'),
    date: date?.toISOString() ?? '',
    publicKey: publicKey ?? '',
    counter: counter === undefined ? '' : String(counter),
  };
}

/** Shows bytes as text if they are text, such as a signed request, and as base64 otherwise. */
function clientDataOf({
  clientData = '',
  clientDataForm,
}: CapsuleValues): Pick<FormValues, 'clientData' | 'clientDataForm'> {
  if (typeof clientData === 'string') return { clientData, clientDataForm };
  const text = clientDataForm === 'sha256-decoded' ? undefined : decodeUtf8(clientData);
  // A field of the form would change carriage returns, and other control characters are not visible.
  if (text !== undefined && !/[^\P{Cc}\n]/u.test(text)) return { clientData: text, clientDataForm };
  return { clientData: encodeBase64(clientData), clientDataForm: 'sha256-decoded' };
}
