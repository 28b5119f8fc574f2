/** The part of the load generator's API that bench.ts uses. */
declare module 'autocannon' {
  interface Request {
    method?: string;
    path?: string;
    headers?: Record<string, string>;
    body?: string;
    setupRequest?: (request: Request) => Request;
  }

  interface Result {
    /** Seconds. */
    duration: number;
    requests: { total: number };
    /** Milliseconds. */
    latency: { p50: number; p99: number };
    non2xx: number;
    errors: number;
  }

  interface Options {
    url: string;
    connections: number;
    amount: number;
    setupClient: (client: { setRequests(requests: Request[]): void }) => void;
  }

  function autocannon(options: Options): Promise<Result>;
  export = autocannon;
}
