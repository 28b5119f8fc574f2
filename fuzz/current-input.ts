const HEADER = 8;
const MAX_LENGTH = 128 * 1024;

/**
 * The current input of a worker, in memory that the worker shares with the main thread. If the worker hangs, the main thread
 * can still report the input.
 */
export class CurrentInput {
  readonly #header: Int32Array;
  readonly #bytes: Uint8Array;

  static create(): SharedArrayBuffer {
    return new SharedArrayBuffer(HEADER + MAX_LENGTH);
  }

  constructor(memory: SharedArrayBuffer) {
    this.#header = new Int32Array(memory, 0, 2);
    this.#bytes = new Uint8Array(memory, HEADER);
  }

  set(input: Uint8Array): void {
    this.#bytes.set(input.subarray(0, MAX_LENGTH));
    Atomics.store(this.#header, 1, Math.min(input.length, MAX_LENGTH));
    Atomics.add(this.#header, 0, 1);
  }

  get(): Uint8Array {
    return this.#bytes.slice(0, Atomics.load(this.#header, 1));
  }

  /** The number of inputs so far. If the number does not change for ten seconds, the worker hangs. */
  count(): number {
    return Atomics.load(this.#header, 0);
  }
}
