// Runs one service. running-service.ts starts this process, and calls its commands with messages.
import { once } from 'node:events';
import type { NewKey } from 'app-attest/server';
import { openLibrary } from './library-service.js';
import { type MeasuredService, openByHand, type ServiceOptions } from './measured-service.js';
import { Profile } from './profile.js';

/** The commands. */
export interface Commands {
  /** Starts the service. Returns its port. */
  open(options: ServiceOptions): Promise<number>;
  addKeys(keys: readonly NewKey[]): Promise<void>;
  addChallenges(challenges: readonly string[]): Promise<void>;
  issueChallenges(count: number): Promise<string[]>;
  /** Frees memory, so that later measurements do not include earlier garbage. Returns the number of bytes in use. */
  collectGarbage(): Promise<number>;
  /** Returns the CPU time that all threads of this process have used so far, in microseconds. */
  cpuTime(): Promise<number>;
  startProfile(): Promise<void>;
  stopProfile(): Promise<Record<string, number>>;
}

/** The number of writes in progress at the same time. */
const AT_ONCE = 100;

let service: MeasuredService;
const profile = new Profile();

const commands: Commands = {
  async open(options) {
    const { library } = options;
    service = library === undefined ? await openByHand(options) : await openLibrary(library, options);
    const server = service.app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the service has no port');
    return address.port;
  },
  addKeys: (keys) => all(keys, (key) => service.addKey(key)),
  addChallenges: (challenges) => all(challenges, (challenge) => service.addChallenge(challenge)),
  async issueChallenges(count) {
    const { issueChallenge } = service;
    if (!issueChallenge) throw new Error('this service issues no challenges');
    const issued: string[] = [];
    await all([...Array(count).keys()], async () => {
      issued.push(await issueChallenge());
    });
    return issued;
  },
  async collectGarbage() {
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },
  async cpuTime() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  startProfile: () => profile.start(),
  stopProfile: () => profile.stop(),
};

async function all<Item>(items: readonly Item[], write: (item: Item) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await write(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

process.on('message', async ({ id, name, argument }: { id: number; name: keyof Commands; argument: never }) => {
  try {
    process.send?.({ id, result: await commands[name](argument) });
  } catch (error) {
    process.send?.({ id, error: String(error) });
  }
});
process.on('disconnect', () => process.exit());
