import { isBytes } from '../encoding/bytes.js';
import { withinTimeLimit } from '../runtime/time-limit.js';
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

/** Reads the bytes of a body that {@link openBody} opened. */
export type ReadBody = (share: BodyShare) => Promise<Uint8Array>;

const FIRST_CAPACITY = 1024;

/**
 * Decides from the headers whether a body may be read, without reading it. The returned function resolves to the bytes
 * as they were sent, without decoding. Memory use grows with the bytes that have arrived, up to the limit. It does not
 * depend on the number of chunks or on the announced length.
 *
 * @throws AppAttestHttpError `unsupported_media_type` for a content coding, `body_too_large`, `body_already_read`; when
 * it is read, also `body_timeout`, `body_incomplete`; AppAttestError `overloaded`
 */
export async function openBody(incoming: IncomingRequest, limits: ReadLimits): Promise<ReadBody> {
  assertNotEncoded(incoming.header('content-encoding'));
  assertLength(announcedLength(incoming), limits.length);
  const body = await incoming.body();
  if (!isBytes(body)) return (share) => collect(body, limits, share);
  assertLength(body.length, limits.length);
  return async () => body;
}

/**
 * Waits until nothing of the body can be read any more.
 *
 * @throws AppAttestHttpError `body_timeout`: the bytes that were announced have arrived, but not the end of the request
 */
export async function finishBody(incoming: IncomingRequest, { timeout }: ReadLimits): Promise<void> {
  try {
    await withinTimeLimit(timeout, 'the connection', incoming.finishBody());
  } catch (cause) {
    throw new AppAttestHttpError('body_timeout', `the body did not end within ${timeout} seconds`, cause);
  }
}

/** The value of `Content-Length`; 0 if it is absent. */
export function announcedLength(incoming: IncomingRequest): number {
  return Number(incoming.header('content-length') ?? 0);
}

/** A compressed body differs from the signed bytes, and may decompress to a thousand times its length. */
function assertNotEncoded(encoding: string | undefined): void {
  if (encoding === undefined || encoding.trim().toLowerCase() === 'identity') return;
  throw new AppAttestHttpError('unsupported_media_type', 'the body must not have a content coding such as gzip');
}

function assertLength(length: number, limit: number): void {
  if (length <= limit) return;
  throw new AppAttestHttpError('body_too_large', `the body is longer than ${limit} bytes`);
}

async function collect(
  body: BodyStream,
  { length: limit, timeout }: ReadLimits,
  share: BodyShare,
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
      if (!isBytes(chunk.value)) throw alreadyRead('the stream yields text, not bytes; do not set an encoding on it');
      assertLength(bytes.length + chunk.value.length, limit);
      bytes.append(chunk.value);
      beyond.pop();
    }
    return bytes.all();
  } finally {
    clearTimeout(timer);
    if (body.restore) body.restore([...(bytes.length > 0 ? [bytes.all()] : []), ...beyond]);
    else chunks.return?.().catch(() => undefined);
  }
}

/** Bytes in one buffer: thousands of small chunks would need a hundred times the memory of their content. */
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
