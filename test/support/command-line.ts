import { EventEmitter } from 'node:events';
import type { DatabaseVariables } from '../../src/cli/command-process.js';
import { runCommand } from '../../src/cli/run-command.js';

/** Replaces a terminal or a pipe as the output of the command. Keeps the written text. */
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

/** Runs the command `app-attest` in this process. */
export async function appAttest(args: readonly string[], env: DatabaseVariables = {}) {
  const host = Object.assign(new EventEmitter(), { env, stdout: new Written(), stderr: new Written() });
  const code = await runCommand(args, host);
  return { code, output: host.stdout.text, errors: host.stderr.text, listeners: host.eventNames() };
}
