import type { CommandProcess } from './command-process.js';
import { ExitCode } from './exit-code.js';
import { refreshCommand } from './refresh-command.js';
import { HELP } from './refresh-help.js';
import { UsageError } from './usage-error.js';

/** Runs the command in the arguments, and returns the exit code. */
export async function runCommand(args: readonly string[], host: CommandProcess): Promise<number> {
  const [group, command, ...options] = args;
  try {
    if (args.some((argument) => argument === '--help' || argument === '-h')) {
      host.stdout.write(HELP);
      return ExitCode.Ok;
    }
    if (group === 'receipts' && command === 'refresh') return await refreshCommand(options, host);
    throw new UsageError(
      group === undefined ? 'a command is missing' : `unknown command: ${args.slice(0, 2).join(' ')}`,
    );
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    host.stderr.write(`app-attest: ${error.message}\nTry: app-attest receipts refresh --help\n`);
    return ExitCode.Usage;
  }
}
