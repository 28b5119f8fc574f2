/** The properties of `process` that a command uses. */
export interface CommandProcess {
  readonly env: DatabaseVariables;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  once(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

/** A terminal, a pipe or a file. */
export interface OutputStream {
  write(text: string): unknown;
  /** Whether the stream is a terminal. */
  readonly isTTY?: boolean;
  /** The width of the terminal. */
  readonly columns?: number;
}

/** The environment variables that contain the URL of the database of the keys. */
export interface DatabaseVariables {
  readonly DATABASE_URL?: string | undefined;
  readonly REDIS_URL?: string | undefined;
}
