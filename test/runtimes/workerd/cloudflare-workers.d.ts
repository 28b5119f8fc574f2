/** The part of Cloudflare's module that the tests use. Only a Worker can import this module. */
declare module 'cloudflare:workers' {
  export function waitUntil(work: Promise<unknown>): void;
}
