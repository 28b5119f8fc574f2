import { expect, it } from 'vitest';
import { createAppAttest, memoryStores } from '../../src/server/index.js';
import { appId, apple, createDevice, registration } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

const { challenges, keys } = memoryStores();
const WRONG: readonly [string, unknown][] = [
  ['nothing', undefined],
  ['no app', { challenges, keys }],
  ['an app that is none', { appId: 'app' }],
  ['another environment', { appId, environment: 'staging' }],
  ['a misspelt option', { appId, counterwindow: 5 }],
  ['an undefined policy', { appId, policy: undefined }],
  ['undefined for verifyReceipts', { appId, verifyReceipts: undefined }],
  ['undefined stores', { appId, challenges: undefined, keys: undefined }],
  ['another form of client data', { appId, clientData: 'sha512' }],
  ['a word for whenDropped that is none', { appId, policy: { whenDropped: 'ignore' } }],
  ['a misspelt entry of the policy', { appId, policy: { bundleVersion: ['1'] } }],
  ['challenges without keys', { appId, challenges }],
  ['keys without challenges', { appId, keys }],
  ['stores that are none', { appId, challenges: new Map(), keys: new Map() }],
  ['a lifetime of zero', { appId, challengeTtl: 0 }],
  ['a lifetime of more than a day', { appId, challengeTtl: 86_401 }],
  ['NaN for a lifetime', { appId, challengeTtl: Number.NaN }],
  ['text for a lifetime', { appId, challengeTtl: '300' }],
  ['a negative window', { appId, counterWindow: -1 }],
  ['a fraction for a window', { appId, counterWindow: 1.5 }],
  ['a window of more than 64', { appId, counterWindow: 65 }],
  ['text for verifyReceipts', { appId, verifyReceipts: 'yes' }],
  ['text for readChallenge', { appId, readChallenge: 'challenge' }],
];
it.each(WRONG)('refuses to start with %s', async (_, options) => {
  await expectCode(() => createAppAttest(options as never), 'invalid_argument');
});

it.each([{ maxKeys: 0 }, { maxKeys: Number.NaN }, { maxChallenges: 1.5 }, { maxkeys: 5 }])(
  'memory stores refuse %o',
  async (limits) => {
    await expectCode(() => memoryStores(limits), 'invalid_argument');
  },
);

async function backendInMemory() {
  const { trustAnchors } = apple;
  const backend = createAppAttest({
    appId,
    trustAnchors,
    environment: undefined,
    now: undefined,
    clientData: undefined,
  });
  return { backend, keyId: (await backend.register(await registration(backend, await createDevice()))).keyId };
}

it('works on stores in memory where none are named, each server on its own', async () => {
  const { backend, keyId } = await backendInMemory();
  expect((await backend.key(keyId))?.keyId).toBe(keyId);
  expect(await createAppAttest({ appId }).key(keyId)).toBeUndefined();
});

it('refuses a clock that shows no time', async () => {
  for (const now of [() => new Date(Number.NaN), () => Date.now(), 'today']) {
    const backend = createAppAttest({ appId, now: now as never });
    await expectCode(() => backend.issueChallenge({ purpose: 'assertion' }), 'invalid_argument');
  }
});
