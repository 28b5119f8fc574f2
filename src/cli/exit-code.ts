/** The exit codes of `app-attest`. */
export const ExitCode = {
  /** No check of the evidence failed, the evidence was shown, or all requests had the expected result. */
  Ok: 0,
  /** The evidence is rejected or not recognized, a response was not as expected, or a refresh failed. */
  Failed: 1,
  /** The command line, an environment variable or an input is wrong. */
  Usage: 2,
  /** 128 plus the number of the signal, as in a shell. */
  SIGINT: 130,
  /** 128 plus the number of the signal, as in a shell. */
  SIGTERM: 143,
} as const;
