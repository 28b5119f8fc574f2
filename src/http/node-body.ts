import { Readable } from 'node:stream';
import { isBytes } from '../encoding/bytes.js';
import { withinTimeLimit } from '../runtime/time-limit.js';
import { alreadyRead, type BodyStream, type IncomingBody } from './incoming-body.js';

/** The body of a Node.js request in Express or Fastify. */
export interface NodeBodySource {
  /** The stream of the body. Usually this is the request. A framework may use another stream. */
  readonly stream: Readable;
  /** The raw bytes of the body, if a body parser kept them. */
  readonly rawBody?: Uint8Array | undefined;
  /** The value of `Content-Length`, if the stream is the request. */
  readonly length?: number | undefined;
  /** How the developer can keep the raw bytes. This text becomes part of an error message. */
  readonly advice: string;
}

/**
 * Reads the body of a Node.js request, and can later put the bytes back into the stream. Bytes cannot be put back after
 * the stream has emitted `end`. Node.js emits `end` as soon as code reads from an empty stream that is at its end. This
 * class therefore reads only bytes that have arrived, and detects the end without the event.
 */
export class NodeBody implements BodyStream {
  readonly #source: NodeBodySource;
  #wake = doNothing;
  #error: unknown;
  #isOpen = false;
  #isReading = false;
  #length = 0;
  #read: readonly unknown[] = [];
  #replacement: Readable | undefined;

  constructor(source: NodeBodySource) {
    this.#source = source;
  }

  /** The stream for the handler. It is a new stream if the original stream has already emitted `end`, or was destroyed. */
  get stream(): Readable {
    return this.#replacement ?? this.#source.stream;
  }

  /** @throws AppAttestHttpError `body_already_read` */
  open(): IncomingBody {
    const { rawBody, stream, advice } = this.#source;
    if (rawBody) return rawBody;
    if (stream.readableDidRead) throw alreadyRead(advice);
    return this;
  }

  readArrived(): Uint8Array | undefined {
    const { stream, length } = this.#source;
    if (length !== stream.readableLength || stream.readableEncoding !== null || stream.readableObjectMode)
      return undefined;
    const bytes: unknown = length > 0 ? stream.read(length) : null;
    if (!isBytes(bytes)) return undefined;
    this.#isOpen = true;
    this.#length = bytes.length;
    return bytes;
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    this.#isOpen = true;
    return { next: () => this.#next() };
  }

  async #next(): Promise<IteratorResult<unknown>> {
    const { stream } = this.#source;
    for (;;) {
      const chunk: unknown = stream.readableLength > 0 ? stream.read(stream.readableLength) : null;
      if (chunk !== null) {
        this.#length += isBytes(chunk) ? chunk.length : 0;
        return { done: false, value: chunk };
      }
      if (this.#isAtEnd()) return { done: true, value: undefined };
      if (this.#error !== undefined || stream.destroyed) throw this.#error ?? new Error('the stream was destroyed');
      this.#listen();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        // Requests more bytes. At the end of a stream of unknown length, this causes the event `end`.
        stream.read(0);
      });
      // `restore` has ended reading, for example after a timeout. The next chunk is for the handler.
      if (!this.#isReading) return { done: true, value: undefined };
    }
  }

  /**
   * `complete` of a Node.js request is true when the whole request has arrived. Adapters for serverless platforms always set
   * `complete` to true, so `Content-Length` is more reliable. Without a length, the stream must also have received its end.
   */
  #isAtEnd(): boolean {
    const { stream, length } = this.#source;
    if (stream.readableEnded) return true;
    if (length !== undefined) return this.#length >= length;
    return Reflect.get(stream, 'complete') === true && hasReceivedEnd(stream);
  }

  #listen(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    const { stream } = this.#source;
    stream.on('readable', this.#onEvent).on('end', this.#onEvent).on('close', this.#onEvent).on('error', this.#onError);
  }

  #stop(): void {
    if (!this.#isReading) return;
    this.#isReading = false;
    const { stream } = this.#source;
    stream.off('readable', this.#onEvent).off('end', this.#onEvent).off('close', this.#onEvent);
    stream.off('error', this.#onError);
    this.#wake();
  }

  readonly #onEvent = (): void => this.#wake();

  readonly #onError = (error: unknown): void => {
    this.#error = error;
    this.#wake();
  };

  restore(read: readonly unknown[]): void {
    this.#stop();
    this.#read = read;
  }

  /** Puts the read bytes back into the stream. */
  passOn(): void {
    const { stream } = this.#source;
    const read = this.#read;
    this.#read = [];
    if (this.#isOpen && stream.readableEnded) this.#replacement = replacementOf(stream, read);
    else if (!stream.destroyed) for (const chunk of read.toReversed()) stream.unshift(chunk);
    else if (!stream.readableEnded) this.#replacement = failedLike(stream);
  }

  /** Discards the rest of the body. Node.js reads the next request on the connection only after the end of this body. */
  discard(): void {
    this.#read = [];
    if (this.#isOpen) this.#source.stream.resume();
  }

  /**
   * Discards the rest of the body, unless other code reads the body. Node.js itself discards a body only if no code has read
   * from the body.
   */
  discardUnread(): void {
    if (this.#isOpen && this.#source.stream.readableFlowing === null) this.#source.stream.resume();
  }

  /**
   * Discards the rest of the body, and resolves when the stream has ended or closed. Body parsers that run later then do
   * nothing.
   *
   * @param timeout Seconds. Afterwards, the promise rejects
   */
  async finish(timeout: number): Promise<void> {
    const { stream } = this.#source;
    this.#read = [];
    if (!this.#isOpen || stream.readableEnded || stream.destroyed) return;
    if (stream.readableLength === 0 && hasReceivedEnd(stream)) {
      // Reading from an ended stream emits `end` in the next tick.
      stream.read(0);
      return new Promise((resolve) => process.nextTick(resolve));
    }
    stream.resume();
    const ended = new Promise<void>((resolve) => {
      const done = (): void => resolve();
      stream.once('end', done).once('close', done);
    });
    await withinTimeLimit(timeout, 'the connection', ended);
  }
}

function doNothing(): void {}

/** Whether `push(null)` was called. Node.js has no public property for this. */
function hasReceivedEnd(stream: Readable): boolean {
  const state: unknown = Reflect.get(stream, '_readableState');
  return typeof state !== 'object' || state === null || Reflect.get(state, 'ended') !== false;
}

function replacementOf(stream: Readable, read: readonly unknown[]): Readable {
  const replacement = Readable.from(read, { objectMode: false });
  // A hook that changes the length of the body sets this property. Fastify compares the property with Content-Length.
  const length: unknown = Reflect.get(stream, 'receivedEncodedLength');
  return length === undefined ? replacement : Object.assign(replacement, { receivedEncodedLength: length });
}

/** Nothing reports the error of a stream that failed before. A parser that reads such a stream would wait forever. */
function failedLike({ errored }: Readable): Readable {
  return new Readable({
    read() {
      this.destroy(errored ?? new Error('the stream was destroyed'));
    },
  });
}
