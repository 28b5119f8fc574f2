import { Readable } from 'node:stream';
import { isBytes } from '../encoding/bytes.js';
import { alreadyRead, type BodyStream, type IncomingBody } from './incoming-body.js';

/** The body of a request of Node's `http`, as Express and Fastify pass it on. */
export interface NodeBodySource {
  /** The request itself, or the stream with which a framework replaced it. */
  readonly stream: Readable;
  /** The body's bytes, if a parser kept them. */
  readonly rawBody?: Uint8Array | undefined;
  /** The length that the client announced, if the stream is the request itself. */
  readonly length?: number | undefined;
  /** What the developer can do if a parser read the body and did not keep its bytes. */
  readonly advice: string;
}

/**
 * A stream from which the decision reads, and to which it returns what it read. The stream must not emit `end` meanwhile,
 * because nothing can be returned after that. Node.js emits it once something reads from a stream that is at its end, so
 * this reads exactly what has arrived, and recognises the end in another way.
 */
export class NodeBody implements BodyStream {
  readonly #source: NodeBodySource;
  #wake: () => void = () => undefined;
  #error: unknown;
  #isOpen = false;
  #isReading = false;
  #length = 0;
  #read: readonly unknown[] = [];
  #replacement: Readable | undefined;

  constructor(source: NodeBodySource) {
    this.#source = source;
  }

  /** The stream from which the handler reads: a new one if the decision read to the end of one that announced no end. */
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
        // Asks for more; or, at the end of a stream that announced none, for the event.
        stream.read(0);
      });
      // Whoever asked has left: the next chunk is for the handler.
      if (!this.#isReading) return { done: true, value: undefined };
    }
  }

  /** `complete` of Node's requests is true when the whole message has arrived. Adapters of serverless hosts always set it. */
  #isAtEnd(): boolean {
    const { stream, length } = this.#source;
    if (stream.readableEnded) return true;
    return length === undefined ? Reflect.get(stream, 'complete') === true : this.#length >= length;
  }

  #listen(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    const { stream } = this.#source;
    stream.on('readable', this.#onEvent).on('end', this.#onEvent).on('close', this.#onEvent).on('error', this.#onError);
  }

  #stop(): void {
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

  /** Returns what was read to the stream. */
  passOn(): void {
    const { stream } = this.#source;
    const read = this.#read;
    this.#read = [];
    if (this.#isOpen && stream.readableEnded) this.#replacement = replacementOf(stream, read);
    else if (!stream.destroyed) for (const chunk of read.toReversed()) stream.unshift(chunk);
  }

  /** Reads the rest of a body that was opened: Node.js reads the next request on the connection only after its end. */
  discard(): void {
    this.#read = [];
    if (this.#isOpen) this.#source.stream.resume();
  }

  /** The same, unless something reads it. Node.js does so only for bodies that nothing has read from. */
  discardUnread(): void {
    if (this.#isOpen && this.#source.stream.readableFlowing === null) this.#source.stream.resume();
  }

  /** Resolves when the stream has emitted its end, so that parsers that run later know that there is nothing to read. */
  async finish(): Promise<void> {
    const { stream } = this.#source;
    this.discard();
    if (!this.#isOpen || stream.readableEnded || stream.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = (): void => resolve();
      stream.once('end', done).once('close', done);
    });
  }
}

function replacementOf(stream: Readable, read: readonly unknown[]): Readable {
  const replacement = Readable.from(read, { objectMode: false });
  // Fastify compares it with Content-Length if a hook changed the length.
  const length: unknown = Reflect.get(stream, 'receivedEncodedLength');
  return length === undefined ? replacement : Object.assign(replacement, { receivedEncodedLength: length });
}
