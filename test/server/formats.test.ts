import { describe, expect, it } from 'vitest';
import { AppAttestError, type AppAttestErrorCode } from '../../src/index.js';
import {
  type AppAttestOptions,
  createAppAttest,
  memoryStores,
  type RegistrationOfFormat,
  type RequestOfFormat,
} from '../../src/server/index.js';
import { appId, apple, backendWithDevice, createBackend, createDevice, registration } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

const FORMAT = 'google-play-integrity-standard';
/** The constant key identifier of the Capacitor plugin on Android. */
const keyId = 'android-standard-integrity';
const android = { platform: 'android', format: FORMAT, keyId, token: 'a token' };

/** A key store that must not be called. */
const noKeys = new Proxy(memoryStores().keys, {
  get: (keys, name) => {
    const method: unknown = Reflect.get(keys, name);
    return typeof method === 'function' ? () => expect.fail(`the key store was called: ${String(name)}`) : method;
  },
});

/** Creates a server with one function in `formats`. The function accepts all evidence and records its arguments. */
function serverFor(options: Partial<AppAttestOptions> = {}) {
  const seen: (RegistrationOfFormat | RequestOfFormat)[] = [];
  const server = createAppAttest({
    appId,
    ...memoryStores(),
    keys: noKeys,
    ...options,
    formats: {
      [FORMAT]: async (evidence) => {
        seen.push(evidence);
        return { packageName: 'com.example.app' };
      },
    },
  });
  const challengeFor = async (purpose: 'attestation' | 'assertion', subject?: string): Promise<string> => {
    return (await server.issueChallenge({ purpose, ...(subject && { subject }) })).challenge;
  };
  return { server, seen, challengeFor };
}

describe('evidence of a format in the option formats', () => {
  it('is verified by the function for the format, and register returns the result of the function', async () => {
    const { server, seen, challengeFor } = serverFor();
    const body = { ...android, challenge: await challengeFor('attestation') };
    expect(await server.register(body)).toEqual({ packageName: 'com.example.app' });
    expect(await server.register({ ...body, challenge: await challengeFor('attestation') }, { subject: 'alice' }));
    expect(seen[0]).toEqual({ body, challenge: body.challenge });
    expect(seen[1]).toMatchObject({ subject: 'alice' });
  });

  it('is verified by the function for the format, and authenticate returns the result of the function', async () => {
    const { server, seen, challengeFor } = serverFor();
    const body = {
      ...android,
      payload: JSON.stringify({ item: 'coffee', challenge: await challengeFor('assertion') }),
    };
    expect(await server.authenticate(body, { subject: 'alice' })).toEqual({ packageName: 'com.example.app' });
    expect(seen).toEqual([{ body, payload: body.payload, subject: 'alice' }]);
  });

  it('uses up its challenge before the function is called, even if the function rejects the evidence', async () => {
    const stores = memoryStores();
    const body = { ...android, challenge: '' };
    const server = createAppAttest({
      appId,
      ...stores,
      formats: {
        [FORMAT]: async ({ challenge = '' }) => {
          expect(await stores.challenges.take(challenge)).toBeUndefined();
          throw new AppAttestError('nonce_mismatch', 'rejected');
        },
      },
    });
    body.challenge = (await server.issueChallenge({ purpose: 'attestation' })).challenge;
    await expectCode(() => server.register(body), 'nonce_mismatch');
    await expectCode(() => server.register(body), 'challenge_used');
  });

  it.each<[string, (server: ReturnType<typeof serverFor>) => Promise<unknown>, AppAttestErrorCode]>([
    [
      'a registration with the challenge of a request',
      async ({ server, challengeFor }) => server.register({ ...android, challenge: await challengeFor('assertion') }),
      'challenge_unknown',
    ],
    [
      'a request with the challenge of a registration',
      async ({ server, challengeFor }) => {
        return server.authenticate({ ...android, payload: await challengeFor('attestation') });
      },
      'challenge_unknown',
    ],
    [
      'a registration with the challenge of another user',
      async ({ server, challengeFor }) => {
        const challenge = await challengeFor('attestation', 'alice');
        return server.register({ ...android, challenge }, { subject: 'bob' });
      },
      'challenge_unknown',
    ],
    [
      'a request with the challenge of another user',
      async ({ server, challengeFor }) => {
        const payload = await challengeFor('assertion', 'alice');
        return server.authenticate({ ...android, payload }, { subject: 'bob' });
      },
      'challenge_unknown',
    ],
    [
      'a request with the challenge of a user, but without the option subject',
      async ({ server, challengeFor }) => {
        return server.authenticate({ ...android, payload: await challengeFor('assertion', 'alice') });
      },
      'challenge_unknown',
    ],
    [
      'a challenge that was never issued',
      ({ server }) => server.register({ ...android, challenge: 'A'.repeat(43) }),
      'challenge_unknown',
    ],
    [
      'a payload without a challenge',
      ({ server }) => server.authenticate({ ...android, payload: '{}' }),
      'challenge_unknown',
    ],
    ['a registration without a challenge', ({ server }) => server.register(android), 'malformed_attestation'],
    ['a request without a payload', ({ server }) => server.authenticate(android), 'malformed_assertion'],
    [
      'a payload that is not text',
      ({ server }) => server.authenticate({ ...android, payload: new Uint8Array(32) }),
      'malformed_assertion',
    ],
  ])('is rejected before the function is called: %s', async (_, attempt, code) => {
    const context = serverFor();
    await expectCode(() => attempt(context), code);
    expect(context.seen).toEqual([]);
  });

  it('may contain the challenge in a place that only readChallenge knows', async () => {
    const readChallenge = (bytes: Uint8Array) => Buffer.from(bytes).toString().split('.')[0];
    const { server, seen, challengeFor } = serverFor({ readChallenge });
    const payload = `${await challengeFor('assertion')}.coffee`;
    await server.authenticate({ ...android, payload });
    expect(seen).toMatchObject([{ payload }]);
  });

  it('has a payload that is text, regardless of the option clientData', async () => {
    const { server, seen, challengeFor } = serverFor({ clientData: 'sha256-decoded' });
    const payload = JSON.stringify({ challenge: await challengeFor('assertion') });
    await server.authenticate({ ...android, payload });
    expect(seen).toMatchObject([{ payload }]);
  });

  it('is not accepted if the function returns an error, a function or a value that is not an object', async () => {
    const returned = new AppAttestError('nonce_mismatch', 'returned instead of thrown');
    for (const result of [undefined, null, false, true, 'accepted', () => ({}), returned, new TypeError()]) {
      const server = createAppAttest({ appId, formats: { [FORMAT]: () => result as never } });
      const { challenge } = await server.issueChallenge({ purpose: 'attestation' });
      await expectCode(() => server.register({ ...android, challenge }), 'invalid_argument');
      const { challenge: payload } = await server.issueChallenge({ purpose: 'assertion' });
      await expectCode(() => server.authenticate({ ...android, payload }), 'invalid_argument');
    }
  });

  it('is rejected with the error that the function throws, even if the error is not an AppAttestError', async () => {
    const down = new TypeError('fetch failed');
    const formats = {
      [FORMAT]: () => {
        throw down;
      },
    };
    const server = createAppAttest({ appId, formats });
    const { challenge } = await server.issueChallenge({ purpose: 'attestation' });
    await expect(server.register({ ...android, challenge })).rejects.toBe(down);
    const { challenge: payload } = await server.issueChallenge({ purpose: 'assertion' });
    await expect(server.authenticate({ ...android, payload })).rejects.toBe(down);
  });
});

describe('evidence of a format that is not in the option formats', () => {
  it.each(['web-fallback', '__proto__', 'constructor', 'toString', 'hasOwnProperty', ''])(
    'is rejected: %s',
    async (format) => {
      const { server, seen, challengeFor } = serverFor();
      const challenge = await challengeFor('attestation');
      await expectCode(() => server.register({ ...android, format, challenge }), 'unsupported_format');
      await expectCode(() => server.authenticate({ ...android, format, payload: challenge }), 'unsupported_format');
      // The challenge is still valid.
      await server.register({ ...android, challenge });
      expect(seen).toHaveLength(1);
    },
  );

  it('is rejected as malformed if the format is not text', async () => {
    const { server, seen, challengeFor } = serverFor();
    for (const format of [1, {}, [FORMAT], { toString: () => FORMAT }]) {
      const challenge = await challengeFor('attestation');
      await expectCode(() => server.register({ ...android, format, challenge }), 'malformed_attestation');
      const payload = await challengeFor('assertion');
      await expectCode(() => server.authenticate({ ...android, format, payload }), 'malformed_assertion');
    }
    expect(seen).toEqual([]);
  });

  it('is not passed to the function if the platform is android and the format is apple-app-attest or missing', async () => {
    const { server, seen } = serverFor();
    for (const format of ['apple-app-attest', undefined, null]) {
      await expectCode(() => server.register({ ...android, format }), 'unsupported_format');
      await expectCode(() => server.authenticate({ ...android, format }), 'unsupported_format');
    }
    expect(seen).toEqual([]);
  });
});

it('formats may have the names of properties of Object.prototype', async () => {
  const formats = { ['__proto__']: () => ({ by: '__proto__' }), constructor: () => ({ by: 'constructor' }) };
  const server = createAppAttest({ appId, formats });
  for (const format of ['__proto__', 'constructor']) {
    const { challenge } = await server.issueChallenge({ purpose: 'attestation' });
    expect(await server.register({ format, challenge })).toEqual({ by: format });
  }
});

it('later changes of the object formats have no effect', async () => {
  const formats: Record<string, () => { by: string }> = { [FORMAT]: () => ({ by: 'the first' }) };
  const server = createAppAttest({ appId, formats });
  formats[FORMAT] = () => ({ by: 'another' });
  const { challenge } = await server.issueChallenge({ purpose: 'attestation' });
  expect(await server.register({ ...android, challenge })).toEqual({ by: 'the first' });
});

it.each([
  ['an object with the format apple-app-attest', { 'apple-app-attest': () => ({}) }],
  ['an object with text instead of a function', { [FORMAT]: 'verify' }],
  ['an object with undefined instead of a function', { [FORMAT]: undefined }],
  ['a Map', new Map([[FORMAT, () => ({})]])],
  ['a promise', Promise.resolve({ [FORMAT]: () => ({}) })],
  ['null', null],
  ['a function instead of an object', () => ({})],
])('createAppAttest rejects %s as the option formats', async (_, formats) => {
  await expectCode(() => createAppAttest({ appId, formats: formats as never }), 'invalid_argument');
});

it('the option formats does not change how the server verifies App Attest', async () => {
  const stores = memoryStores();
  const { keyId, request } = await backendWithDevice(stores);
  const server = createAppAttest({
    appId,
    trustAnchors: apple.trustAnchors,
    ...stores,
    formats: { [FORMAT]: () => expect.fail('the function was called for App Attest') },
  });
  expect(await server.authenticate(await request())).toMatchObject({ key: { keyId } });
  const { format: _, platform: __, ...body } = await request();
  expect(await server.authenticate(body)).toMatchObject({ key: { keyId } });
  const device = await createDevice();
  expect(await server.register(await registration(createBackend(stores), device))).toMatchObject({ appId });
});
