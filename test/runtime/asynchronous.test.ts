import { describe, expect, it } from 'vitest';
import { type Decision, httpHandlers } from '../../src/http/index.js';
import { isAsynchronous } from '../../src/runtime/asynchronous.js';
import { createAppAttest } from '../../src/server/index.js';
import { createVirtualApple } from '../../src/testing/index.js';
import { appId, backendWithDevice, createBackend } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

// biome-ignore lint/suspicious/noThenProperty: an object whose `then` is not a function must not count as a promise
it.each([undefined, null, 5, 'then', {}, { then: true }, new Date(0), () => undefined])(
  '%o is not a promise',
  (value) => {
    expect(isAsynchronous(value)).toBe(false);
  },
);

// biome-ignore lint/suspicious/noThenProperty: a thenable must count as a promise
const thenable = { then: (_: unknown, reject: (cause: unknown) => void) => reject(new Error('late')) };

/** Functions that return a promise or a thenable. An unhandled rejection would end the process and the test run. */
const results: readonly [string, () => unknown][] = [
  ['a promise that rejects', () => Promise.reject(new Error('late'))],
  ['a thenable that rejects', () => thenable],
  ['a function that is a thenable', () => Object.assign(() => undefined, thenable)],
  ['a promise', async () => 'x'],
];

describe.each(results)('a function that returns %s is rejected', (_, result) => {
  it('as the option readChallenge', async () => {
    const readChallenge = result as () => string;
    const { backend, request } = await backendWithDevice({ readChallenge });
    const { message } = await expectCode(async () => backend.authenticate(await request()), 'invalid_argument');
    expect(message).toBe('readChallenge must be synchronous, but returned a promise');
    const body = await request();
    await expectCode(() => createBackend().authenticate(body, { readChallenge }), 'invalid_argument');
  });

  it('as the option now', async () => {
    const now = result as () => Date;
    const { message } = await expectCode(() => createAppAttest({ appId, now }), 'invalid_argument');
    expect(message).toBe('now must not be asynchronous');
    await expectCode(() => createVirtualApple({ now }), 'invalid_argument');
  });

  it('as the option publicTarget', async () => {
    const decisions: Decision[] = [];
    const publicTarget = result as () => string;
    const { protect } = httpHandlers(createBackend(), {
      publicTarget,
      onDecision: (decision) => decisions.push(decision),
    });
    const headers = { 'x-app-attest-key-id': 'key', 'x-app-attest-assertion': 'assertion' };
    const response = await protect(() => new Response())(new Request('http://localhost/', { headers }));
    expect(response.status).toBe(500);
    await expect.poll(() => decisions.map(({ error }) => error?.message)).toEqual(['publicTarget must return text']);
  });
});

it('a request is rejected with status 500 if publicTarget does not return text', async () => {
  const publicTarget = (() => 5) as never;
  const headers = { 'x-app-attest-key-id': 'key', 'x-app-attest-assertion': 'assertion' };
  const { protect } = httpHandlers(createBackend(), { publicTarget, onDecision: () => undefined });
  expect((await protect(() => new Response())(new Request('http://localhost/', { headers }))).status).toBe(500);
});

it.each([5, 'today', new Date(Number.NaN), () => 5])('createVirtualApple rejects %o as the option now', async (now) => {
  await expectCode(() => createVirtualApple({ now: now as never }), 'invalid_argument');
});
