/** The exit codes of `app-attest`. */
export const ExitCode = {
  /** Each due receipt was refreshed, or Apple has no newer receipt yet. */
  Ok: 0,
  /** Some keys failed, or the database failed. */
  Failed: 1,
  /** The command line, the environment or the credentials are wrong. */
  Usage: 2,
  /** 128 plus the number of the signal, as in a shell. */
  SIGINT: 130,
  /** 128 plus the number of the signal, as in a shell. */
  SIGTERM: 143,
} as const;
