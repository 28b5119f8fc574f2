/** The exit codes of `app-attest`. */
export const ExitCode = {
  /** The evidence is accepted or was shown, or all requests had the expected result. */
  Ok: 0,
  /** The evidence is rejected, or a request failed. */
  Failed: 1,
  /** The command line, the environment or an input is wrong. */
  Usage: 2,
  /** 128 plus the number of the signal, as in a shell. */
  SIGINT: 130,
  /** 128 plus the number of the signal, as in a shell. */
  SIGTERM: 143,
} as const;
