import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { quantile } from './interleaved.js';

/** The strategies of the server: where it verifies assertions. */
export const WAYS = ['calling thread', 'thread pool', 'both'] as const;

/** The measurements of a server at full load. Times are in milliseconds. */
export interface Load {
  /** Requests per second. */
  readonly rate: number;
  readonly latencyP99: number;
  /** The latency of pings: requests without an assertion, sent at the same time. */
  readonly pingP50: number;
  readonly pingP99: number;
  readonly loopDelayP50: number;
  readonly loopDelayP99: number;
}

const CONNECTIONS = 64;
const BODY = JSON.stringify({ keyId: 'k'.repeat(44), payload: 'p'.repeat(200), token: 't'.repeat(200) });

/**
 * Sends assertions to a new server over 64 connections, for `seconds`. Also sends pings, each five milliseconds after the response
 * to the previous ping.
 */
export async function loadServer(way: (typeof WAYS)[number], seconds: number): Promise<Load> {
  const server = fork(fileURLToPath(new URL('load-server.js', import.meta.url)), [way]);
  try {
    const [port] = await once(server, 'message');
    const call = caller(Number(port));
    const latencies: number[] = [];
    const pings: number[] = [];
    const timed = async (times: number[], path: string, body?: string): Promise<void> => {
      const start = performance.now();
      await call(path, body);
      times.push(performance.now() - start);
    };
    const assertionsUntil = async (end: number): Promise<void> => {
      while (performance.now() < end) await timed(latencies, '/assertion', BODY);
    };
    const pingsUntil = async (end: number): Promise<void> => {
      for (; performance.now() < end; await new Promise((resolve) => setTimeout(resolve, 5)))
        await timed(pings, '/ping');
    };
    const connections = (end: number) => Array.from({ length: CONNECTIONS }, () => assertionsUntil(end));
    await Promise.all(connections(performance.now() + 500));
    latencies.length = 0;
    await call('/delay');
    const end = performance.now() + seconds * 1000;
    await Promise.all([...connections(end), pingsUntil(end)]);
    const { p50, p99 } = JSON.parse(await call('/delay'));
    return {
      rate: latencies.length / seconds,
      latencyP99: quantile(latencies, 0.99),
      pingP50: quantile(pings, 0.5),
      pingP99: quantile(pings, 0.99),
      loopDelayP50: p50,
      loopDelayP99: p99,
    };
  } finally {
    server.kill();
  }
}

function caller(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS + 2 });
  return (path: string, body?: string): Promise<string> => {
    return new Promise((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      const outgoing = request({ agent, host: '127.0.0.1', port, path, method }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (part: string) => {
          text += part;
        });
        response.on('end', () => {
          if ((response.statusCode ?? 500) < 300) resolve(text);
          else reject(new Error(`the server responded with status ${response.statusCode}`));
        });
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  };
}
