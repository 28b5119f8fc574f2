import { connect } from 'node:net';

/** The responses that a load generator received. */
export interface Load {
  /** The number of responses with a status below 300. */
  readonly completed: number;
  /** The number of responses with any other status. */
  readonly refused: number;
  /** The first response with such a status. */
  readonly refusal: string | undefined;
  /** Whether a queue became empty before the end of the time. */
  readonly isExhausted: boolean;
  /** The time from the first request to the last response. */
  readonly seconds: number;
  /** The times of the completed requests, in milliseconds, in ascending order. */
  readonly latencies: Float64Array;
}

/**
 * Sends HTTP/1.1 requests over one connection for each queue. A connection sends a request when it has received the response
 * to the previous request. After `seconds`, or when its queue is empty, the connection sends no further request. The function
 * waits for all responses.
 *
 * The queues contain complete requests, as bytes. So the load generator needs little time of the processor, which it may share
 * with the service.
 */
export async function httpLoad(port: number, queues: Iterator<Buffer>[], seconds = Infinity): Promise<Load> {
  const tally = { latencies: [] as number[], refused: 0, refusal: undefined as string | undefined, exhausted: false };
  const open = await Promise.all(queues.map((queue) => openConnection(port, queue)));
  const start = performance.now();
  const deadline = start + seconds * 1000;
  await Promise.all(open.map((run) => run(deadline, tally)));
  const took = (performance.now() - start) / 1000;
  const { latencies, refused, refusal, exhausted } = tally;
  return {
    completed: latencies.length,
    refused,
    refusal,
    isExhausted: exhausted,
    seconds: took,
    latencies: Float64Array.from(latencies).sort(),
  };
}

interface Tally {
  latencies: number[];
  refused: number;
  refusal: string | undefined;
  exhausted: boolean;
}

type Run = (deadline: number, tally: Tally) => Promise<void>;

function openConnection(port: number, queue: Iterator<Buffer>): Promise<Run> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () =>
      resolve((deadline, tally) => {
        return new Promise<void>((done, fail) => {
          let sentAt = 0;
          let received = '';
          const sendNext = () => {
            const next = sentAt === 0 || performance.now() < deadline ? queue.next() : undefined;
            if (next?.done) tally.exhausted = true;
            if (!next || next.done) {
              socket.removeAllListeners('close');
              socket.end();
              return done();
            }
            sentAt = performance.now();
            socket.write(next.value);
          };
          socket.on('error', fail);
          socket.on('close', () => fail(new Error('the service closed a connection')));
          socket.on('data', (data) => {
            received += data.toString('latin1');
            const response = readResponse(received);
            if (!response) return;
            if (response.status < 300) tally.latencies.push(performance.now() - sentAt);
            else {
              tally.refused += 1;
              tally.refusal ??= received;
            }
            received = '';
            sendNext();
          });
          sendNext();
        });
      }),
    );
  });
}

/** Returns `undefined` until the response is complete. */
function readResponse(text: string): { status: number } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [, length] = /\r\ncontent-length: (\d+)/i.exec(text.slice(0, end + 2)) ?? [];
  if (length === undefined) throw new Error(`the response has no Content-Length: ${text.slice(0, end)}`);
  return text.length < end + 4 + Number(length) ? undefined : { status: Number(text.slice(9, 12)) };
}

/** Returns a quantile of sorted values: the fraction `share` of the values is lower. */
export function quantileOf(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
