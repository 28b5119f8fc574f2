/** The command line, the environment or a file it names is wrong. The message is for the person who called the command. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
