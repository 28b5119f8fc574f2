import { decodeBase64, maxBase64Length } from '../encoding/base64.js';
import { AppAttestError, shortText } from '../errors.js';
import { MAX_RECEIPT_LENGTH } from './receipt.js';

/** The complete response of Apple's server. */
export interface ReceiptResponse {
  readonly status: number;
  /** Seconds. */
  readonly retryAfter: number | undefined;
  readonly body: string;
}

/** The length of the longest receipt in base64, with a line break. */
const MAX_BODY_LENGTH = maxBase64Length(MAX_RECEIPT_LENGTH) + 2;

/**
 * The meaning of HTTP statuses. Apple: Assessing fraud risk, "Understanding HTTP response codes". The advice after a colon is
 * not from Apple.
 */
const REASONS: ReadonlyMap<number, string> = new Map([
  [400, 'Apple cannot decode the receipt'],
  [
    401,
    'Apple rejected the token: check teamId, keyId, privateKey and the clock, and that DeviceCheck is enabled for the key',
  ],
  [404, 'Apple has no data for the receipt: check that the receipt belongs to this environment'],
  [429, 'Apple received too many requests'],
]);

/**
 * Reads the response. Throws if the body is longer than the longest receipt.
 *
 * @throws AppAttestError `receipt_request_failed`
 */
export async function readResponse(response: Response): Promise<ReceiptResponse> {
  const { status, headers, body } = response;
  const retryAfter = readRetryAfter(headers.get('retry-after'));
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop early cancels the body.
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > MAX_BODY_LENGTH) throw failed('the response from Apple is too long', { status, retryAfter });
    chunks.push(chunk);
  }
  return { status, retryAfter, body: Buffer.concat(chunks).toString() };
}

/**
 * Returns the new receipt in the response, or `undefined` if Apple has no newer receipt yet.
 *
 * @throws AppAttestError `receipt_request_failed`
 */
export function receiptOf({ status, retryAfter, body }: ReceiptResponse): Uint8Array | undefined {
  if (status === 304) return undefined;
  if (status !== 200) {
    const reason = REASONS.get(status) ?? (status >= 500 ? "Apple's server failed" : 'unexpected response from Apple');
    throw failed(`${reason} (status ${status}${body === '' ? '' : `, ${shortText(body.trim())}`})`, {
      status,
      retryAfter,
    });
  }
  try {
    const receipt = decodeBase64(body.trim());
    if (receipt.length > 0) return new Uint8Array(receipt);
  } catch (cause) {
    throw failed('the response from Apple is not a receipt in base64', { status, retryAfter, cause });
  }
  throw failed('the response from Apple is empty', { status, retryAfter });
}

/** RFC 9110 §10.2.3: `Retry-After` is a number of seconds or a date. RFC 9110 §5.6.7 defines the format of the date. */
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
