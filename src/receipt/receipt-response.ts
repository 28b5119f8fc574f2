import { decodeBase64, maxBase64Length } from '../encoding/base64.js';
import { AppAttestError, shortText } from '../errors.js';
import { MAX_RECEIPT_LENGTH } from './receipt.js';

/** What Apple's server answered, read to its end. */
export interface ReceiptResponse {
  readonly status: number;
  /** Seconds. */
  readonly retryAfter: number | undefined;
  readonly body: string;
}

/** A receipt in base64, and a line break. */
const MAX_BODY_LENGTH = maxBase64Length(MAX_RECEIPT_LENGTH) + 2;

/** What Apple's page and those who called it know about the statuses. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [400, 'Apple cannot read the receipt'],
  [401, 'Apple refuses the token: wrong team, key or clock, or a key that is not enabled for DeviceCheck'],
  [404, 'Apple knows nothing about the receipt: is it of this environment?'],
  [429, 'Apple is asked too often'],
]);

/**
 * Reads an answer, and no more of it than a receipt can have.
 *
 * @throws AppAttestError `receipt_request_failed`
 */
export async function readResponse(response: Response): Promise<ReceiptResponse> {
  const { status, headers, body } = response;
  const retryAfter = readRetryAfter(headers.get('retry-after'));
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early cancels the rest.
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > MAX_BODY_LENGTH) throw failed('the answer of the server is too long', { status, retryAfter });
    chunks.push(chunk);
  }
  return { status, retryAfter, body: Buffer.concat(chunks).toString() };
}

/**
 * The new receipt in an answer, `undefined` where there is none yet.
 *
 * @throws AppAttestError `receipt_request_failed`
 */
export function receiptOf({ status, retryAfter, body }: ReceiptResponse): Uint8Array | undefined {
  if (status === 304) return undefined;
  if (status !== 200) {
    const reason = REASONS.get(status) ?? (status >= 500 ? 'Apple has a problem' : 'an unexpected answer');
    throw failed(`${reason} (status ${status}${body === '' ? '' : `, ${shortText(body.trim())}`})`, {
      status,
      retryAfter,
    });
  }
  try {
    const receipt = decodeBase64(body.trim());
    if (receipt.length > 0) return new Uint8Array(receipt);
  } catch (cause) {
    throw failed('the answer is no receipt in base64', { status, retryAfter, cause });
  }
  throw failed('the answer is empty', { status, retryAfter });
}

/** RFC 9110 §10.2.3: seconds, or a date in the one form that is to be sent (§5.6.7). */
function readRetryAfter(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  const date = /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/.test(value) ? Date.parse(value) : Number.NaN;
  const seconds = Math.ceil((date - Date.now()) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.max(seconds, 0);
}

function failed(
  message: string,
  { status, retryAfter, cause }: { status: number; retryAfter: number | undefined; cause?: unknown },
): AppAttestError {
  return new AppAttestError('receipt_request_failed', message, {
    cause,
    status,
    ...(retryAfter !== undefined && { retryAfter }),
  });
}
