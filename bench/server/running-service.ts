import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ServiceOptions } from './measured-service.js';
import type { Commands } from './service-process.js';

type Results = { [Name in keyof Commands]: Awaited<ReturnType<Commands[Name]>> };

/** A service in its own process. */
export class RunningService {
  readonly #process: ChildProcess;
  #calls = 0;
  #port = 0;

  static async start(options: ServiceOptions): Promise<RunningService> {
    const child = fork(fileURLToPath(new URL('service-process.js', import.meta.url)), {
      execArgv: ['--expose-gc'],
      env: { ...process.env, NODE_ENV: 'production', APP_ATTEST_VIRTUAL: 'allow' },
      serialization: 'advanced',
    });
    const service = new RunningService(child);
    service.#port = await service.call('open', options);
    return service;
  }

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  get port(): number {
    return this.#port;
  }

  /** Runs a command in the process of the service. */
  call<Name extends keyof Commands>(name: Name, ...[argument]: Parameters<Commands[Name]>): Promise<Results[Name]> {
    this.#calls += 1;
    const id = this.#calls;
    return new Promise((resolve, reject) => {
      const end = (code: number | null) => reject(new Error(`the service exited with code ${code}`));
      const receive = (message: { id: number; error?: string; result: Results[Name] }) => {
        if (message.id !== id) return;
        this.#process.off('exit', end).off('message', receive);
        if (message.error === undefined) resolve(message.result);
        else reject(new Error(`${name}: ${message.error}`));
      };
      this.#process.on('exit', end).on('message', receive);
      this.#process.send({ id, name, argument });
    });
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    this.#process.kill();
    await once(this.#process, 'exit');
  }
}
