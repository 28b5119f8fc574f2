import { isBytes } from '../encoding/bytes.js';
import type { BodyShare } from './body-budget.js';
import { AppAttestHttpError } from './http-error.js';
import { alreadyRead, type BodyStream } from './incoming-body.js';
import type { IncomingRequest } from './incoming-request.js';

/** Limits for reading a body. */
export interface ReadLimits {
  /** Bytes. */
  readonly length: number;
  /** Seconds. */
  readonly timeout: number;
}

/**
 * Reads the bytes of a body whose headers {@link openBody} has checked.
 *
 * @param observe Called with the bytes in order, as soon as they arrive
 */
export type ReadBody = (share: BodyShare, observe?: (bytes: Uint8Array) => void) => Promise<Uint8Array>;

const FIRST_CAPACITY = 1024;

/**
 * Checks the headers of a body before the body is read. The returned function reads the bytes and does not decode them. Memory
 * use grows with the number of received bytes, up to the limit. The number of chunks and the header `Content-Length` do not
 * affect memory use.
 *
 * @throws AppAttestHttpError `unsupported_media_type` for a content coding, `body_too_large`, `body_already_read`. The
 * returned function also throws `body_timeout` and `body_incomplete`.
 * @throws AppAttestError `overloaded`, by the returned function
 */
export async function openBody(incoming: IncomingRequest, limits: ReadLimits): Promise<ReadBody> {
  assertNotEncoded(incoming.header('content-encoding'));
  assertLength(announcedLength(incoming), limits.length);
  const body = await incoming.body();
  if (!isBytes(body)) return (share, observe) => read(body, limits, share, observe);
  assertLength(body.length, limits.length);
  return async (_share, observe) => {
    observe?.(body);
    return body;
  };
}

/**
 * Waits for the end of a body whose bytes have been read.
 *
 * @throws AppAttestHttpError `body_timeout`: all bytes have arrived, but not the end of the request
 */
export async function finishBody(incoming: IncomingRequest, { timeout }: ReadLimits): Promise<void> {
  try {
    await incoming.finishBody(timeout);
  } catch (cause) {
    throw new AppAttestHttpError('body_timeout', `the body did not end within ${timeout} seconds`, cause);
  }
}

/** Returns the value of `Content-Length`, or 0 if the header is absent. */
export function announcedLength(incoming: IncomingRequest): number {
  return Number(incoming.header('content-length') ?? 0);
}

/** Rejects compressed bodies. They differ from the signed bytes, and a small body can decompress to a very large one. */
function assertNotEncoded(encoding: string | undefined): void {
  if (encoding === undefined || encoding.trim().toLowerCase() === 'identity') return;
  throw new AppAttestHttpError(
    'unsupported_media_type',
    'the body must not be compressed: Content-Encoding must be absent or identity',
  );
}

function assertLength(length: number, limit: number): void {
  if (length <= limit) return;
  throw new AppAttestHttpError('body_too_large', `the body is longer than ${limit} bytes`);
}

/** A short body has usually arrived before it is read. Then no timer and no event is needed. */
async function read(
  body: BodyStream,
  limits: ReadLimits,
  share: BodyShare,
  observe?: (bytes: Uint8Array) => void,
): Promise<Uint8Array> {
  const arrived = body.readArrived?.();
  if (!arrived) return collect(body, limits, share, observe);
  body.restore?.([arrived]);
  assertLength(arrived.length, limits.length);
  share.take(arrived.length);
  observe?.(arrived);
  return arrived;
}

async function collect(
  body: BodyStream,
  { length: limit, timeout }: ReadLimits,
  share: BodyShare,
  observe?: (bytes: Uint8Array) => void,
): Promise<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  let expire = (_reason: Error): void => undefined;
  const timer = setTimeout(() => {
    expire(new AppAttestHttpError('body_timeout', `the body did not arrive within ${timeout} seconds`));
  }, timeout * 1000);
  const nextChunk = () => {
    return new Promise<IteratorResult<unknown>>((resolve, reject) => {
      expire = reject;
      chunks.next().then(resolve, (cause: unknown) => {
        reject(new AppAttestHttpError('body_incomplete', 'the connection was lost before the end of the body', cause));
      });
    });
  };

  const bytes = new GrowingBytes(limit, share);
  const beyond: unknown[] = [];
  try {
    for (let chunk = await nextChunk(); chunk.done !== true; chunk = await nextChunk()) {
      beyond.push(chunk.value);
      if (!isBytes(chunk.value))
        throw alreadyRead('the stream must return bytes, not text; do not call setEncoding on the request');
      assertLength(bytes.length + chunk.value.length, limit);
      bytes.append(chunk.value);
      observe?.(chunk.value);
      beyond.pop();
    }
    return bytes.all();
  } finally {
    clearTimeout(timer);
    if (body.restore) body.restore([...(bytes.length > 0 ? [bytes.all()] : []), ...beyond]);
    else chunks.return?.().catch(() => undefined);
  }
}

/** Collects chunks in one buffer. A list of many small chunks could need a hundred times the memory of their content. */
class GrowingBytes {
  readonly #limit: number;
  readonly #share: BodyShare;
  #bytes = new Uint8Array();
  length = 0;

  constructor(limit: number, share: BodyShare) {
    this.#limit = limit;
    this.#share = share;
  }

  /** @throws AppAttestError `overloaded` */
  append(chunk: Uint8Array): void {
    const length = this.length + chunk.length;
    if (length > this.#bytes.length) this.#grow(length);
    this.#bytes.set(chunk, this.length);
    this.length = length;
  }

  all(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  #grow(length: number): void {
    const doubled = Math.max(2 * this.#bytes.length, FIRST_CAPACITY);
    const capacity = Math.max(length, Math.min(doubled, this.#limit));
    this.#share.take(capacity - this.#bytes.length);
    const bytes = new Uint8Array(capacity);
    bytes.set(this.all());
    this.#bytes = bytes;
  }
}
