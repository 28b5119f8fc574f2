import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { newKey } from '../../src/conformance/new-key.js';
import { Random } from '../support/random.js';
import { expectConsistent } from './support/expect-consistent.js';
import type { ChurnOptions } from './support/key-churn.js';
import { openRedisKeys, redisKinds } from './support/redis-keys.js';
import { RedisServer } from './support/redis-server.js';

const CHURN = fileURLToPath(new URL('build/key-churn.js', import.meta.url));
const ROUNDS = 4;

const random = new Random();

/** Starts a process that changes keys until it is killed. */
async function startChurn(options: ChurnOptions): Promise<ChildProcess> {
  const child = fork(CHURN, [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'ignore', 'ipc'] });
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(() => Promise.reject(new Error('the process exited before it was ready'))),
  ]);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function churnOptions(): Pick<ChurnOptions, 'prefix' | 'keyIds' | 'users'> {
  const keyIds = Array.from({ length: 12 }, () => newKey().keyId);
  return { prefix: `${randomBytes(9).toString('base64url')}:`, keyIds, users: ['one', 'two', 'three'] };
}

describe.each(redisKinds)('on %s', (kind) => {
  it(`processes that are killed leave correct lists of keys and correct due receipts (SEED=${random.seed})`, async () => {
    const addresses = inject('addresses');
    const shared = churnOptions();
    const { keys, close } = await openRedisKeys(kind, addresses, shared.prefix);
    onTestFinished(close);
    let existing = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      const seeds = [1, 2, 3].map((process) => random.seed + 10 * round + process);
      const children = await Promise.all(seeds.map((seed) => startChurn({ kind, addresses, ...shared, seed })));
      await setTimeout(random.between(50, 400));
      await Promise.all(children.map(kill));
      // Redis may still run the last scripts that the killed processes sent.
      await setTimeout(100);
      existing += (await expectConsistent(keys, shared.keyIds, shared.users)).length;
      for (const keyId of shared.keyIds) if (random.next() < 0.5) await keys.remove(keyId);
    }
    expect(existing).toBeGreaterThan(0);
  });
});

it(`a Redis server that is killed leaves correct lists of keys and correct due receipts (SEED=${random.seed})`, async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.stop());
  const addresses = { redis: server.url, cluster: [], postgres: '', sqlite: '' };
  const shared = churnOptions();
  let existing = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const child = await startChurn({ kind: 'ioredis', addresses, ...shared, seed: random.seed + round });
    await setTimeout(random.between(50, 400));
    await server.restart('SIGKILL', () => kill(child));
    const { keys, close } = await openRedisKeys('redis', addresses, shared.prefix);
    existing += (await expectConsistent(keys, shared.keyIds, shared.users)).length;
    for (const keyId of shared.keyIds) if (random.next() < 0.5) await keys.remove(keyId);
    close();
  }
  expect(existing).toBeGreaterThan(0);
});
