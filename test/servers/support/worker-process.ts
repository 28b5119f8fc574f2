import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { forkOptions } from './node-release.js';
import type { Answer, Call, WorkerOptions } from './worker.js';

const WORKER = fileURLToPath(new URL('../build/worker.js', import.meta.url));

/** The outcome of a call: a result, the code of an `AppAttestError`, or the message of any other error. */
export type Outcome = { result: unknown } | { refused: string } | { failed: string };

/** A separate server process with its own clients. */
export class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (outcome: Outcome) => void>();
  #calls = 0;

  static async start(options: WorkerOptions): Promise<WorkerProcess> {
    const stdio = ['ignore' as const, 'inherit' as const, 'inherit' as const, 'ipc' as const];
    const child = fork(WORKER, [JSON.stringify(options)], { stdio, ...forkOptions(options.kind) });
    const worker = new WorkerProcess(child);
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error('the worker ended before it was ready'))),
    ]);
    child.on('message', (answer: Answer) => worker.#settle(answer.id, answer));
    return worker;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('exit', () => {
      for (const id of this.#waiting.keys()) this.#settle(id, { failed: 'the worker was killed' });
    });
  }

  call(method: Call['method'], parameter: unknown): Promise<Outcome> {
    this.#calls += 1;
    const id = this.#calls;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      const failed = () => this.#settle(id, { failed: 'the worker is not running' });
      if (!this.#child.connected) return failed();
      this.#child.send({ id, method, parameter } satisfies Call, (error) => error && failed());
    });
  }

  /** Sends `SIGKILL`, so that the process cannot clean up. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #settle(id: number, outcome: Outcome): void {
    this.#waiting.get(id)?.(outcome);
    this.#waiting.delete(id);
  }
}
