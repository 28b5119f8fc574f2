import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import type { Answer } from './http-client.js';

export interface RawRequest {
  method?: string;
  /** The target in the request line. */
  path: string;
  headers?: Record<string, string | string[]>;
  /** A body that is sent with the header `Content-Length`. */
  body?: string | Uint8Array;
  /** The chunks of a body that is sent without the header `Content-Length`. The number of chunks may be infinite. */
  chunks?: Iterable<string | Uint8Array>;
}

/** Sends a request with exactly this target. Stops sending when the response arrives. */
export async function send(
  origin: string,
  { path, method = 'POST', headers, body, chunks }: RawRequest,
): Promise<Answer> {
  const outgoing = request(origin, { path, method, ...(headers && { headers }) });
  const answered = once(outgoing, 'response');
  let stopped = false;
  // After its response, a server may close the connection although the client still sends.
  outgoing.on('error', () => {
    stopped = true;
  });
  answered.then(
    () => {
      stopped = true;
    },
    () => undefined,
  );
  if (chunks) {
    for (const chunk of chunks) {
      if (stopped) break;
      if (!outgoing.write(chunk)) await Promise.race([once(outgoing, 'drain'), answered]);
    }
  }
  if (!stopped) outgoing.end(body);
  const [response]: [IncomingMessage] = (await answered) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part);
  outgoing.destroy();
  const text = Buffer.concat(parts).toString();
  const isJson = response.headers['content-type']?.startsWith('application/json');
  const entries = Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)]);
  return {
    status: response.statusCode ?? 0,
    headers: new Headers(entries),
    body: isJson ? JSON.parse(text) : { text },
  };
}

/** Sends the beginning of a request, and closes the connection. */
export async function sendAndLeave(origin: string, text: string): Promise<void> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(text);
  await new Promise((resolve) => setTimeout(resolve, 50));
  socket.destroy();
}
