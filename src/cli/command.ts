import type { CommandProcess } from './command-process.js';

/** A command of `app-attest`. */
export interface Command {
  /** The output of `--help`. */
  readonly help: string;
  /**
   * @returns The exit code
   * @throws UsageError
   */
  run(args: readonly string[], host: CommandProcess): Promise<number>;
}
