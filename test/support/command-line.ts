import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import type { CommandVariables } from '../../src/cli/command-process.js';
import { runCommand } from '../../src/cli/run-command.js';

/** An output stream for the command, instead of a terminal or a pipe. Keeps the written text. */
export class Written {
  text = '';
  readonly isTTY: boolean;
  readonly columns: number;

  constructor({ isTTY = false, columns = 80 } = {}) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): void {
    this.text += text;
  }
}

export interface RunOptions {
  env?: CommandVariables;
  /** The bytes of standard input. */
  input?: string | Uint8Array;
  /** Standard output. By default, it is not a terminal. */
  stdout?: Written;
}

/** Runs the command `app-attest` in this process. */
export async function appAttest(
  args: readonly string[],
  { env = {}, input = '', stdout = new Written() }: RunOptions = {},
) {
  const stdin = Readable.from([Buffer.from(input)]);
  const host = Object.assign(new EventEmitter(), { env, stdin, stdout, stderr: new Written() });
  const code = await runCommand(args, host);
  return { code, output: stdout.text, errors: host.stderr.text, listeners: host.eventNames() };
}
