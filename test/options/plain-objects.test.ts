import { describe, expect, it } from 'vitest';
import { httpHandlers } from '../../src/http/index.js';
import { createAppAttest, memoryStores } from '../../src/server/index.js';
import { postgresStores } from '../../src/stores/postgres/index.js';
import { redisStores } from '../../src/stores/redis/index.js';
import { createVirtualApple } from '../../src/testing/index.js';
import { appId, apple, createBackend, createDevice } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

const backend = createBackend();
const device = await createDevice();
const queryable = { query: async () => ({ rows: [] }) };

/** Calls of functions outside the core that have options. All arguments except the options are valid. */
const calls: readonly [string, (options: never) => unknown][] = [
  ['createAppAttest', (options) => createAppAttest(options)],
  ['policy', (policy) => createAppAttest({ appId, policy })],
  ['issueChallenge', (options) => backend.issueChallenge(options)],
  ['register', (options) => backend.register({}, options)],
  ['authenticate', (options) => backend.authenticate({}, options)],
  ['refreshReceipts', (options) => backend.refreshReceipts(options)],
  ['memoryStores', (options) => memoryStores(options)],
  ['postgresStores', (options) => postgresStores(queryable, options)],
  ['redisStores', (options) => redisStores({} as never, options)],
  ['httpHandlers', (options) => httpHandlers(backend, options)],
  ['headers of httpHandlers', (headers) => httpHandlers(backend, { headers })],
  ['createVirtualApple', (options) => createVirtualApple(options)],
  ['createDevice', (options) => apple.createDevice(options)],
  ['misbehave', async (misbehaviour) => device.misbehave(misbehaviour)],
  ['signRequest', (request) => device.signRequest(request)],
  ['receiptEndpoint', (options) => apple.receiptEndpoint(options)],
  ['answerNext', (answer) => apple.receiptEndpoint().answerNext(answer)],
];

describe.each(calls)('the options of %s', (name, call) => {
  it.each([
    ['a promise that was not awaited', Promise.resolve({ subject: 'alice' })],
    ['a Map', new Map([['subject', 'alice']])],
    ['an object that inherits its options', Object.create({ subject: 'alice' })],
  ])('must not be %s', async (_, options) => {
    const { message } = await expectCode(() => call(options as never), 'invalid_argument');
    expect(message).toBe(`the options of ${name} must be a plain object`);
  });

  it('must not include an unknown option, even if the option is not enumerable or its name is a symbol', async () => {
    const hidden = Object.defineProperty({}, 'misspelt', { value: 1 });
    for (const options of [hidden, { [Symbol('misspelt')]: 1 }]) {
      const { message } = await expectCode(() => call(options as never), 'invalid_argument');
      expect(message).toContain(`${name} has no option "`);
    }
  });
});
