import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { newKey } from '../../src/conformance/new-key.js';
import { Random } from '../support/random.js';
import { type KeyLifeOptions, type KeyState, LIFE, type LifeEvent, stateOf } from './support/key-life.js';
import { PostgresPair } from './support/postgres-pair.js';
import { PostgresServer } from './support/postgres-server.js';
import { RedisServer } from './support/redis-server.js';
import { type Addresses, openStores, PATIENCE, type StoreKind, storeKinds } from './support/store-kinds.js';

const PROCESS = fileURLToPath(new URL('build/key-life-process.js', import.meta.url));
const KEYS = 3;
const ROUNDS = 4;

const random = new Random();

/** A process that changes one key in the steps of `LIFE`. Contains the steps that the process has reported. */
class Life {
  readonly keyId = newKey().keyId;
  readonly #child: ChildProcess;
  #begun = -1;
  #ended = -1;

  constructor(options: Omit<KeyLifeOptions, 'keyId'>) {
    const argument = JSON.stringify({ ...options, keyId: this.keyId } satisfies KeyLifeOptions);
    this.#child = fork(PROCESS, [argument], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    this.#child.on('message', ({ event, step }: LifeEvent) => {
      if (event === 'begin') this.#begun = step;
      else this.#ended = step;
    });
  }

  get steps(): number {
    return this.#ended + 1;
  }

  async kill(): Promise<void> {
    if (!this.#child.connected) return;
    const closed = once(this.#child, 'disconnect');
    this.#child.kill('SIGKILL');
    await closed;
  }

  /** The states that the key may have: after the last confirmed step, or after the step that the process had begun. */
  get possible(): KeyState[] {
    return [this.#ended, this.#begun].map((step) => LIFE.at(step === -1 ? -1 : step % LIFE.length)?.left ?? {});
  }
}

async function expectAcknowledged(kind: StoreKind, addresses: Addresses, lives: readonly Life[]): Promise<void> {
  const { stores, close } = await openStores(kind, addresses, PATIENCE);
  try {
    for (const life of lives) expect(life.possible).toContainEqual(stateOf(await stores.keys.find(life.keyId)));
  } finally {
    await close();
  }
}

/** Waits until each process has completed all steps once, and then for a random time. */
async function someSteps(lives: readonly Life[]): Promise<void> {
  await expect
    .poll(() => Math.min(...lives.map(({ steps }) => steps)), { timeout: 60_000 })
    .toBeGreaterThan(LIFE.length);
  await setTimeout(random.between(0, 100));
}

const start = (kind: StoreKind, addresses: Addresses): Life[] =>
  Array.from({ length: KEYS }, () => new Life({ kind, addresses }));

describe.each(storeKinds)(`on %s (SEED=${random.seed})`, (kind) => {
  it('the store keeps each confirmed change of a key, and no partial change, when a process is killed', async () => {
    const addresses = inject('addresses');
    for (let round = 0; round < ROUNDS; round += 1) {
      const lives = start(kind, addresses);
      onTestFinished(() => Promise.all(lives.map((life) => life.kill())).then(() => undefined));
      await someSteps(lives);
      await Promise.all(lives.map((life) => life.kill()));
      // The store may still run the last statements that the processes sent.
      await setTimeout(100);
      await expectAcknowledged(kind, addresses, lives);
    }
  });
});

describe.each([
  { program: 'PostgreSQL', kind: 'postgres', startServer: () => PostgresServer.start() },
  { program: 'Redis', kind: 'redis', startServer: () => RedisServer.start() },
  { program: 'Valkey', kind: 'redis', startServer: () => RedisServer.startProgram('valkey-server') },
] as const)(`a database server that is killed (SEED=${random.seed})`, ({ program, kind, startServer }) => {
  it(`loses no confirmed change of a key, and leaves no partial change (${program})`, async () => {
    const server = await startServer();
    onTestFinished(() => server.stop());
    const addresses = { redis: '', cluster: [], postgres: '', sqlite: '', [kind]: server.url };
    for (let round = 0; round < ROUNDS; round += 1) {
      const lives = start(kind, addresses);
      await someSteps(lives);
      await server.restart('SIGKILL', () => Promise.all(lives.map((life) => life.kill())));
      await expectAcknowledged(kind, addresses, lives);
    }
  });
});

describe(`a synchronous standby of PostgreSQL that takes over (SEED=${random.seed})`, () => {
  it('has each confirmed change of a key, and no partial change', async () => {
    const pair = await PostgresPair.start({ isSynchronous: true });
    onTestFinished(() => pair.stop());
    const addressesOf = (url: string) => ({ redis: '', cluster: [], postgres: url, sqlite: '' });
    const lives = start('postgres', addressesOf(pair.primary.url));
    await someSteps(lives);
    pair.separateNow();
    // A primary that does not wait for the standby confirms changes meanwhile.
    await setTimeout(random.between(200, 400));
    await pair.primary.stop();
    await Promise.all(lives.map((life) => life.kill()));
    await expectAcknowledged('postgres', addressesOf((await pair.promote()).url), lives);
  });
});
