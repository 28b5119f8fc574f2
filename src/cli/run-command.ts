import { AppAttestError, shortText } from '../errors.js';
import { PACKAGE_VERSION } from '../runtime/package-version.js';
import type { CommandProcess } from './command-process.js';
import { COMMANDS } from './commands.js';
import { ExitCode } from './exit-code.js';
import { MAIN_HELP } from './main-help.js';
import { printable } from './printable.js';
import { UsageError } from './usage-error.js';

/** Runs the command in the arguments, and returns the exit code. */
export async function runCommand(args: readonly string[], host: CommandProcess): Promise<number> {
  // The name of a command has one or two words.
  const name = [args.slice(0, 1), args.slice(0, 2)]
    .map((words) => words.join(' '))
    .find((words) => COMMANDS.has(words));
  const isHelp = args.some((argument) => argument === '--help' || argument === '-h');
  try {
    const command = name === undefined ? undefined : await COMMANDS.get(name)?.();
    if (name !== undefined && command) {
      if (!isHelp) return await command.run(args.slice(name.split(' ').length), host);
      host.stdout.write(command.help);
    } else {
      host.stdout.write(outputWithoutCommand(args, isHelp));
    }
    return ExitCode.Ok;
  } catch (error) {
    if (!isUsage(error)) throw error;
    // An argument may be evidence from a client, and a message may quote it.
    const message = printable(error.message.replaceAll('\n', ' '));
    host.stderr.write(`app-attest: ${message}\nTry: app-attest ${name === undefined ? '' : `${name} `}--help\n`);
    return ExitCode.Usage;
  }
}

function outputWithoutCommand(args: readonly string[], isHelp: boolean): string {
  const [word] = args;
  if (isHelp) return MAIN_HELP;
  if (word === '--version') return `${PACKAGE_VERSION}\n`;
  throw new UsageError(
    word === undefined ? 'a command is missing' : `unknown command: ${shortText(args.slice(0, 2).join(' '))}`,
  );
}

/**
 * The package throws `invalid_argument` for wrong options, which come from the command line. Evidence causes errors
 * with other codes.
 */
function isUsage(error: unknown): error is UsageError | AppAttestError {
  return error instanceof UsageError || (error instanceof AppAttestError && error.code === 'invalid_argument');
}
