import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { newKey } from '../../../src/conformance/new-key.js';
import { Random } from '../../support/random.js';
import { type KeyLifeOptions, type KeyState, LIFE, type LifeEvent, stateOf } from './key-life.js';
import { PostgresPair } from './postgres-pair.js';
import { type Addresses, openStores, PATIENCE, type StoreKind } from './store-kinds.js';

const PROCESS = fileURLToPath(new URL('../build/key-life-process.js', import.meta.url));
const KEYS = 3;
const ROUNDS = 4;

const random = new Random();

/** A database server that a test can kill and start again. */
export interface KillableServer {
  restart(signal: 'SIGKILL', whileDown: () => Promise<unknown>): Promise<void>;
  stop(): Promise<void>;
}

/** Defines a test that kills processes which change keys. */
export function testKilledProcesses(kind: StoreKind, addresses: () => Addresses): void {
  it(`the store keeps each confirmed change of a key, and no partial change, when a process is killed (SEED=${random.seed})`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const lives = start(kind, addresses());
      onTestFinished(() => Promise.all(lives.map((life) => life.kill())).then(() => undefined));
      await someSteps(lives);
      await Promise.all(lives.map((life) => life.kill()));
      // The store may still run the last statements that the processes sent.
      await setTimeout(100);
      await expectAcknowledged(kind, addresses(), lives);
    }
  });
}

/** Defines a test that kills a database server while processes change keys. */
export function testKilledServer<Server extends KillableServer>(
  program: string,
  kind: StoreKind,
  startServer: () => Promise<Server>,
  addressesOf: (server: Server) => Addresses,
): void {
  it(`${program} loses no confirmed change of a key, and leaves no partial change, when it is killed (SEED=${random.seed})`, async () => {
    const server = await startServer();
    onTestFinished(() => server.stop());
    const addresses = addressesOf(server);
    for (let round = 0; round < ROUNDS; round += 1) {
      const lives = start(kind, addresses);
      await someSteps(lives);
      await server.restart('SIGKILL', () => Promise.all(lives.map((life) => life.kill())));
      await expectAcknowledged(kind, addresses, lives);
    }
  });
}

/** Defines a test that separates a synchronous standby of PostgreSQL from its primary, and promotes it. */
export function testPromotedStandby(addressesOf: (url: string) => Addresses): void {
  it(`a synchronous standby that takes over has each confirmed change of a key, and no partial change (SEED=${random.seed})`, async () => {
    const pair = await PostgresPair.start({ isSynchronous: true });
    onTestFinished(() => pair.stop());
    const lives = start('postgres', addressesOf(pair.primary.url));
    await someSteps(lives);
    pair.separateNow();
    // If the primary did not wait for the standby, it would confirm changes in this time.
    await setTimeout(random.between(200, 400));
    await pair.primary.stop();
    await Promise.all(lives.map((life) => life.kill()));
    await expectAcknowledged('postgres', addressesOf((await pair.promote()).url), lives);
  });
}

/** A process that changes one key in the steps of `LIFE`. The process reports the begin and the end of each step. */
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

  /** The states that the key may have: the state after the last confirmed step, and the state after the last step that began. */
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
