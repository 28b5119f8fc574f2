import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** On Linux, `setpriv` ends the process together with its parent, so an aborted test run leaves no process running. */
const TOGETHER = process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'KILL'] : [];

/** A process that a test started, and its output. */
export class Child {
  readonly process: ChildProcess;
  output = '';

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    const [file = command, ...others] = [...TOGETHER, command, ...args];
    this.process = spawn(file, others, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream?.on('data', (data) => {
        this.output = (this.output + data).slice(-10_000);
      });
    }
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning) return;
    const ended = once(this.process, 'exit');
    this.process.kill(signal);
    await ended;
  }

  /** Repeats the attempt until it succeeds. Throws an error if the process ends, or if the attempt does not succeed in time. */
  async until<Result>(attempt: () => Promise<Result>, seconds = 30): Promise<Result> {
    const deadline = performance.now() + seconds * 1000;
    while (true) {
      try {
        return await attempt();
      } catch (error) {
        if (!this.isRunning || performance.now() > deadline) throw new Error(this.output, { cause: error });
        await setTimeout(20);
      }
    }
  }
}

/** Runs a command until it exits. Throws an error with its output if the exit code is not 0. */
export async function run(command: string, args: readonly string[], options: SpawnOptions = {}): Promise<void> {
  const child = new Child(command, args, options);
  const [code] = await once(child.process, 'exit');
  if (code !== 0) throw new Error(`${command}: ${child.output}`);
}

const given = new Set<number>();

/**
 * Returns a loopback port on which no process listens. Each call returns another port, because an earlier caller may not listen
 * on its port yet.
 */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP port');
  if (given.has(address.port)) return freePort();
  given.add(address.port);
  return address.port;
}

/** Sends a line to a loopback port, and returns the first data that arrives. */
export async function ask(port: number, line: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  try {
    socket.setTimeout(10_000, () => socket.destroy(new Error('no response within 10 seconds')));
    socket.write(`${line}\r\n`);
    const [answer] = await once(socket, 'data');
    return String(answer);
  } finally {
    socket.destroy();
  }
}
