/** The properties of `process` that a command uses. */
export interface CommandProcess {
  readonly env: CommandVariables;
  /** The bytes of standard input. */
  readonly stdin: AsyncIterable<string | Uint8Array>;
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

/** The environment variables that a command uses. */
export interface CommandVariables extends DatabaseVariables {
  /** Any text that is not empty turns colours off (https://no-color.org). */
  readonly NO_COLOR?: string | undefined;
  /** The type of the terminal. */
  readonly TERM?: string | undefined;
  /** The folder for data that a program keeps between its runs (XDG Base Directory Specification). */
  readonly XDG_STATE_HOME?: string | undefined;
}
