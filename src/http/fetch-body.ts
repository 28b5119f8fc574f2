import { asBuffer, isBytes } from '../encoding/bytes.js';
import { alreadyRead, type BodyStream, type IncomingBody } from './incoming-body.js';

const EMPTY = new Uint8Array();

/** The body of a Fetch `Request`. After the decision, a new request can contain the whole body again. */
export class FetchBody implements BodyStream {
  readonly #request: Request;
  #chunks: AsyncIterator<unknown> | undefined;
  /** The read in progress. If reading times out, this read goes on. Its chunk then follows the restored chunks. */
  #next: Promise<IteratorResult<unknown>> | undefined;
  #isReading = false;
  #isComplete = false;
  #restored: readonly unknown[] = [];

  constructor(request: Request) {
    this.#request = request;
  }

  /** @throws AppAttestHttpError `body_already_read` */
  open(): IncomingBody {
    const { bodyUsed, body } = this.#request;
    if (bodyUsed || body?.locked === true) {
      throw alreadyRead(
        'call the App Attest handler before other code reads the request, or let the other code read request.clone()',
      );
    }
    return body ? this : EMPTY;
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    const { body } = this.#request;
    if (!body) throw new TypeError('the request has no body');
    this.#chunks ??= body[Symbol.asyncIterator]();
    this.#isReading = true;
    return { next: () => this.#readNext() };
  }

  async #readNext(): Promise<IteratorResult<unknown>> {
    this.#next ??= this.#take();
    const result = await this.#next;
    if (this.#isReading) this.#next = undefined;
    return result;
  }

  async #take(): Promise<IteratorResult<unknown>> {
    const result = (await this.#chunks?.next()) ?? { done: true, value: undefined };
    if (result.done === true) this.#isComplete = true;
    return result;
  }

  restore(read: readonly unknown[]): void {
    this.#isReading = false;
    this.#restored = read;
  }

  /** Cancels the body if only a part of it was read. */
  discard(): void {
    if (!this.#isComplete) this.#chunks?.return?.().catch(() => undefined);
  }

  /** Returns the body that the client sent, for a new request. Returns `undefined` if the decision did not read the body. */
  arrived(): Uint8Array | ReadableStream<unknown> | undefined {
    if (this.#chunks === undefined) return undefined;
    const [first] = this.#restored;
    if (this.#isComplete && isBytes(first) && this.#restored.length === 1) return asBuffer(first);
    return this.#stream();
  }

  #stream(): ReadableStream<unknown> {
    const restored = [...this.#restored];
    return new ReadableStream({
      pull: async (controller) => {
        if (restored.length > 0) return controller.enqueue(restored.shift());
        const pending = this.#next ?? this.#take();
        this.#next = undefined;
        const { done, value } = await pending;
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => this.discard(),
    });
  }
}
