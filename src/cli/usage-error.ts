/**
 * An error in the command line, the environment, the credentials or a file. The message is for the person who ran the
 * command.
 */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
