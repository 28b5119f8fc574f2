import { isBytes } from '../encoding/bytes.js';
import type { BodyShare } from './body-budget.js';
import { AppAttestHttpError } from './http-error.js';
import { alreadyRead, type IncomingBody, type IncomingRequest } from './incoming-request.js';

/** How much of a body is read, and for how long. */
export interface ReadLimits {
  /** Bytes. */
  readonly length: number;
  /** Seconds. */
  readonly timeout: number;
}

/** Reads the bytes of a body that was opened. */
export type ReadBody = (share: BodyShare) => Promise<Uint8Array>;

const FIRST_CAPACITY = 1024;

/**
 * Decides by the headers whether a body may be read, and reads none of it. The bytes come as they were sent, not decoded
 * in any way. Memory grows with what has arrived, to the limit at most, however many chunks it comes in and whatever
 * length is announced.
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

/** What `Content-Length` says; 0 where it says nothing. */
export function announcedLength(incoming: IncomingRequest): number {
  return Number(incoming.header('content-length') ?? 0);
}

/** A compressed body has other bytes than those that were signed, and may be a thousand times as long. */
function assertNotEncoded(encoding: string | undefined): void {
  if (encoding === undefined || encoding.trim().toLowerCase() === 'identity') return;
  throw new AppAttestHttpError('unsupported_media_type', 'the body must not have a content coding such as gzip');
}

function assertLength(length: number, limit: number): void {
  if (length <= limit) return;
  throw new AppAttestHttpError('body_too_large', `the body is longer than ${limit} bytes`);
}

async function collect(
  body: Exclude<IncomingBody, Uint8Array>,
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
        reject(new AppAttestHttpError('body_incomplete', 'the connection was lost within the body', cause));
      });
    });
  };

  const bytes = new GrowingBytes(limit, share);
  try {
    for (let chunk = await nextChunk(); chunk.done !== true; chunk = await nextChunk()) {
      if (!isBytes(chunk.value)) throw alreadyRead('it turned them into text');
      assertLength(bytes.length + chunk.value.length, limit);
      bytes.append(chunk.value);
    }
    return bytes.all();
  } finally {
    clearTimeout(timer);
    chunks.return?.().catch(() => undefined);
  }
}

/** Bytes in one piece: thousands of small chunks would weigh a hundred times what is in them. */
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
