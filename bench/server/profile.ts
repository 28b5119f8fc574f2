import { type Profiler, type Runtime, Session } from 'node:inspector/promises';

/**
 * Profiles the main thread. The result contains an entry for each owner of code: this package, a part of Node.js, or a
 * dependency. The value of an entry is the share of the time in which code of this owner ran, from 0 to 1.
 */
export class Profile {
  readonly #session = new Session();

  async start(): Promise<void> {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.setSamplingInterval', { interval: 500 });
    await this.#session.post('Profiler.start');
  }

  async stop(): Promise<Record<string, number>> {
    const { profile } = await this.#session.post('Profiler.stop');
    this.#session.disconnect();
    return shares(profile);
  }
}

function shares({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Record<string, number> {
  // A node is listed before its children. Code without a file, such as built-in functions, has the same owner as its caller.
  const owners = new Map<number, string>();
  for (const { id, callFrame, children = [] } of nodes) {
    const owner = ownerOf(callFrame) ?? owners.get(id) ?? 'other';
    owners.set(id, owner);
    for (const child of children) owners.set(child, owner);
  }
  const times: Record<string, number> = {};
  let busy = 0;
  for (const [index, sample] of samples.entries()) {
    const owner = owners.get(sample) ?? 'other';
    if (owner === 'idle') continue;
    const time = timeDeltas[index] ?? 0;
    times[owner] = (times[owner] ?? 0) + time;
    busy += time;
  }
  return Object.fromEntries(Object.entries(times).map(([owner, time]) => [owner, time / busy]));
}

const NODE = 'Node.js: HTTP, sockets, event loop';

const NAMED: ReadonlyMap<string, string> = new Map([
  ['(idle)', 'idle'],
  ['(garbage collector)', 'garbage collection'],
  ['(program)', NODE],
]);

function ownerOf({ url, functionName }: Runtime.CallFrame): string | undefined {
  const named = NAMED.get(functionName);
  if (named !== undefined || url === '') return named;
  if (url.includes('node:internal/crypto')) return 'signatures and hashes';
  if (url.startsWith('node:')) return NODE;
  const [, dependency] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  return dependency === undefined ? 'app-attest' : ownerOfDependency(dependency);
}

function ownerOfDependency(name: string): string {
  if (/redis|^pg/.test(name)) return 'database client';
  return name === 'cbor-x' ? 'app-attest' : 'Express';
}
