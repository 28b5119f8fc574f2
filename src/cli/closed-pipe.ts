/**
 * Ignores the error of a pipe whose reader has ended, as in `app-attest inspect … | head -1`. The command runs to its end, so
 * that its exit code is right, and so that `receipts refresh` stores each receipt that it received.
 *
 * @throws any other error of the stream, such as a full disk
 */
export function keepRunningWithoutReader(stream: {
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}): void {
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
