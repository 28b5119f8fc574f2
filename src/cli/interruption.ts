import type { CommandProcess } from './command-process.js';
import { ExitCode } from './exit-code.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Aborts an `AbortSignal` at the first SIGINT or SIGTERM. A second signal ends the process. */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #listeners = SIGNALS.map((name) => [name, () => this.#abort(name)] as const);
  readonly #host: CommandProcess;
  #exitCode: number | undefined;

  constructor(host: CommandProcess) {
    this.#host = host;
    for (const [name, listener] of this.#listeners) host.once(name, listener);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** `undefined` if the process has received no signal. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  end(): void {
    for (const [name, listener] of this.#listeners) this.#host.off(name, listener);
  }

  #abort(name: (typeof SIGNALS)[number]): void {
    this.end();
    this.#exitCode = ExitCode[name];
    this.#controller.abort(new Error(`ended by ${name}`));
  }
}
