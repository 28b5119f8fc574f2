/** The exit codes of `app-attest`. */
export const ExitCode = {
  /** Each receipt that was due is new, or Apple has no newer one yet. */
  Ok: 0,
  /** Some keys failed, or the database did. */
  Failed: 1,
  /** The command line, the environment or the credentials are wrong. */
  Usage: 2,
  /** As a shell counts: 128 and the number of the signal. */
  SIGINT: 130,
  /** As a shell counts: 128 and the number of the signal. */
  SIGTERM: 143,
} as const;
