import { describe, expect, it, vi } from 'vitest';
import type { ExtensionPolicy } from '../../src/index.js';
import { memoryStores } from '../../src/server/index.js';
import {
  appId,
  backendWithDevice,
  createBackend,
  createDevice,
  registration,
  sha256,
  signedRequest,
  TestClock,
} from '../support/backend.js';
import { expectCode, rejectionOf } from '../support/rejection.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a signed request', () => {
  it('of the plugin yields the key with its new counter, what was signed, and what the system says', async () => {
    const { backend, key, request } = await backendWithDevice();
    for (const counter of [1, 2]) {
      const body = await request();
      const authenticated = await backend.authenticate(body);
      expect(authenticated).toEqual({
        key: { ...key, counter },
        payload: utf8(body.payload),
        extensions: { validationCategory: 4, bundleVersion: '1' },
      });
      expect((await backend.key(key.keyId))?.counter).toBe(counter);
    }
  });

  it('of an older system says nothing about the app', async () => {
    const { backend, request } = await backendWithDevice({}, { os: 'iOS 17.6' });
    expect(Object.keys(await backend.authenticate(await request()))).toEqual(['key', 'payload']);
  });

  it('is read with the legacy field, without the envelope, and as bytes', async () => {
    const { backend, request, keyId } = await backendWithDevice();
    const { token, ...rest } = await request();
    const bodies = [
      { ...rest, token, assertion: token },
      await request().then(({ token: assertion, ...other }) => ({ ...other, assertion })),
      await request().then(({ payload, token: evidence }) => ({ keyId, payload, token: evidence })),
      await request().then(({ payload, ...other }) => ({ ...other, payload: utf8(payload) })),
      await request().then((body) => ({ ...body, token: Buffer.from(body.token, 'base64') })),
      await request().then((body) => ({ ...body, keyId: Buffer.from(keyId, 'base64').toString('base64url') })),
    ];
    for (const body of bodies) expect((await backend.authenticate(body)).key.keyId).toBe(keyId);
  });

  it('yields a payload that nobody else can change', async () => {
    const { backend, request } = await backendWithDevice();
    const { payload, ...rest } = await request();
    const bytes = utf8(payload);
    const authenticated = await backend.authenticate({ ...rest, payload: bytes });
    bytes.fill(0);
    expect(Buffer.from(authenticated.payload).toString()).toBe(payload);
  });
});

describe('the challenge in a payload', () => {
  const PAYLOADS: readonly [string, (challenge: string) => string | Uint8Array][] = [
    ['is the payload', (challenge) => challenge],
    ['is the payload as bytes', (challenge) => utf8(challenge)],
    ['is the payload as the 32 bytes it stands for', (challenge) => Buffer.from(challenge, 'base64url')],
    ['is an entry of JSON', (challenge) => JSON.stringify({ challenge })],
    ['is an entry of JSON among others', (challenge) => ` {"amount": "9,99 €",\n "challenge":"${challenge}"} `],
    ['is an entry of JSON in bytes', (challenge) => utf8(JSON.stringify({ a: [{ challenge: 'inner' }], challenge }))],
  ];
  it.each(PAYLOADS)('%s', async (_, write) => {
    const { backend, device, keyId } = await backendWithDevice();
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const payload = write(challenge);
    const token = await device.generateAssertion(keyId, sha256(payload));
    expect((await backend.authenticate({ keyId, payload, token })).payload).toEqual(
      typeof payload === 'string' ? utf8(payload) : new Uint8Array(payload),
    );
    await expectCode(() => backend.authenticate({ keyId, payload, token }), 'challenge_used');
  });

  const WITHOUT: readonly [string, (challenge: string) => string | Uint8Array][] = [
    ['is nowhere in an empty payload', () => ''],
    ['is not looked for inside text', (challenge) => `challenge=${challenge}`],
    ['is not looked for deeper in JSON', (challenge) => JSON.stringify({ data: { challenge } })],
    ['is not looked for in an array', (challenge) => JSON.stringify([challenge])],
    ['is not a JSON text', (challenge) => JSON.stringify(challenge)],
    ['is not a number', () => '{"challenge":5}'],
    ['is not an array', (challenge) => JSON.stringify({ challenge: [challenge] })],
    ['is not found in JSON cut off', (challenge) => `{"challenge":"${challenge}"`],
    [
      'is not found in bytes that are no UTF-8',
      (c) => Buffer.concat([utf8(`{"challenge":"${c}","a":"`), Buffer.of(0xff, 0x22, 0x7d)]),
    ],
    ['is not found behind a byte order mark', (challenge) => `\ufeff${JSON.stringify({ challenge })}`],
    ['is not looked for in more than 1 MiB of JSON', (c) => JSON.stringify({ challenge: c, a: 'a'.repeat(1 << 20) })],
    ['is not found in 100 000 brackets', () => '['.repeat(100_000)],
    ['is not inherited', () => '{"__proto__":{"challenge":"x"}}'],
    ['does not exist', () => '{"challenge":""}'],
    ['does not exist as null', () => '{"challenge":null}'],
  ];
  it.each(WITHOUT)('%s', async (_, write) => {
    const { backend, device, keyId } = await backendWithDevice();
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const payload = write(challenge);
    const token = await device.generateAssertion(keyId, sha256(payload));
    await expectCode(() => backend.authenticate({ keyId, payload, token }), 'challenge_unknown');
  });

  it('is found by the function of the server, and then by it alone', async () => {
    const readChallenge = vi.fn((payload: Uint8Array) => Buffer.from(payload).toString().split('\n')[1]);
    const { backend, device, keyId } = await backendWithDevice({ readChallenge });
    const send = async (write: (challenge: string) => string) => {
      const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
      return backend.authenticate(await device.capacitor.createAssertion({ keyId, payload: write(challenge) }));
    };
    await send((challenge) => `POST /orders\n${challenge}\n{}`);
    await expectCode(() => send((challenge) => JSON.stringify({ challenge })), 'challenge_unknown');
    expect(readChallenge).toHaveBeenCalledTimes(2);
  });

  it('is found by the function of one call before that of the server', async () => {
    const { backend, request } = await backendWithDevice({ readChallenge: () => undefined });
    const body = await request();
    const { challenge } = JSON.parse(body.payload);
    await backend.authenticate(body, { readChallenge: () => challenge });
  });

  const FUNCTIONS: readonly [string, unknown, 'challenge_unknown' | 'invalid_argument'][] = [
    ['fails', () => JSON.parse('{'), 'challenge_unknown'],
    ['finds a number', () => 5, 'challenge_unknown'],
    ['finds other text', () => 'x'.repeat(100_000), 'challenge_unknown'],
    ['finds null', () => null, 'challenge_unknown'],
    ['is asynchronous', async () => 'x', 'invalid_argument'],
  ];
  it.each(FUNCTIONS)('is not found by a function that %s', async (_, readChallenge, code) => {
    const { backend, request } = await backendWithDevice({ readChallenge: readChallenge as never });
    const body = await request();
    await expectCode(() => backend.authenticate(body), code);
  });
});

it('asks the store for nothing that cannot be a challenge', async () => {
  const { challenges, keys } = memoryStores();
  const take = vi.spyOn(challenges, 'take');
  const { backend, request } = await backendWithDevice({ challenges, keys });
  const body = await request();
  take.mockClear();
  for (const text of ['', 'x', '\0', 'x'.repeat(44), `${'x'.repeat(42)}+`, 'é'.repeat(43)]) {
    const payload = JSON.stringify({ challenge: text });
    await expectCode(() => backend.authenticate({ ...body, payload }), 'challenge_unknown');
    await expectCode(() => backend.authenticate(body, { readChallenge: () => text }), 'challenge_unknown');
    await expectCode(() => backend.register({ ...body, challenge: text }), 'challenge_unknown');
    const challenge = new TextEncoder().encode(text);
    await expectCode(() => backend.register({ ...body, challenge }), 'challenge_unknown');
  }
  expect(take).not.toHaveBeenCalled();
});

describe('a challenge', () => {
  it('works once, for a request that fails', async () => {
    const { backend, request } = await backendWithDevice();
    const body = await request();
    await expectCode(() => backend.authenticate({ ...body, token: 'AAAA' }), 'malformed_assertion');
    await expectCode(() => backend.authenticate(body), 'challenge_used');
  });

  it('works once, for a key that is not registered', async () => {
    const { backend, request } = await backendWithDevice();
    const body = await request();
    const stranger = await (await createDevice()).generateKey();
    await expectCode(() => backend.authenticate({ ...body, keyId: stranger }), 'key_unknown');
    await expectCode(() => backend.authenticate(body), 'challenge_used');
  });

  it('works in one of two requests that hold it', async () => {
    const { backend, device, keyId } = await backendWithDevice();
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const [first, second] = [
      await device.capacitor.createAssertion({ keyId, payload: JSON.stringify({ challenge, item: 'coffee' }) }),
      await device.capacitor.createAssertion({ keyId, payload: JSON.stringify({ challenge, item: 'gold' }) }),
    ];
    await backend.authenticate(first);
    await expectCode(() => backend.authenticate(second), 'challenge_used');
  });

  it('that was issued for a registration is used up by a request, and serves neither', async () => {
    const { backend, device, keyId } = await backendWithDevice();
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    const body = await device.capacitor.createAssertion({ keyId, payload: challenge });
    await expectCode(() => backend.authenticate(body), 'challenge_unknown');
    const another = await device.capacitor.createAttestation({ keyId: await device.generateKey(), challenge });
    await expectCode(() => backend.register(another), 'challenge_used');
  });

  it('is over when its time is', async () => {
    const clock = new TestClock();
    const { backend, request } = await backendWithDevice({ now: clock.now });
    const [inTime, late] = [await request(), await request()];
    clock.forward(299.999);
    await backend.authenticate(inTime);
    clock.forward(0.001);
    await expectCode(() => backend.authenticate(late), 'challenge_expired');
  });
});

describe('a subject', () => {
  async function aliceAndHerDevice() {
    const backend = createBackend();
    const device = await createDevice();
    const { keyId } = await backend.register(await registration(backend, device, 'alice'), { subject: 'alice' });
    return { backend, request: (subject?: string) => signedRequest(backend, device, keyId, subject) };
  }

  it('sends requests with its own key and challenge, whether the server names it or not', async () => {
    const { backend, request } = await aliceAndHerDevice();
    await backend.authenticate(await request('alice'), { subject: 'alice' });
    await backend.authenticate(await request(), { subject: 'alice' });
    await backend.authenticate(await request('alice'));
    expect((await backend.authenticate(await request())).key.subject).toBe('alice');
  });

  it('cannot use the key of another', async () => {
    const { backend, request } = await aliceAndHerDevice();
    const body = await request('bob');
    await expectCode(() => backend.authenticate(body, { subject: 'bob' }), 'key_unknown');
    await expectCode(() => backend.authenticate(body, { subject: 'alice' }), 'challenge_used');
  });

  it('cannot use the challenge of another', async () => {
    const { backend, request } = await aliceAndHerDevice();
    for (const options of [{ subject: 'alice' }, {}]) {
      const body = await request('bob');
      await expectCode(() => backend.authenticate(body, options), 'challenge_unknown');
    }
  });

  it('cannot use a key that was registered for nobody', async () => {
    const { backend, request } = await backendWithDevice();
    const body = await request();
    await expectCode(() => backend.authenticate(body, { subject: 'alice' }), 'key_unknown');
  });
});

describe('a key', () => {
  it('is found by its identifier alone', async () => {
    const { backend, request } = await backendWithDevice();
    for (const keyId of ['', 'key', 'A'.repeat(10 << 20), '\0', "' OR 1=1 --"]) {
      const body = await request();
      const error = await expectCode(() => backend.authenticate({ ...body, keyId }), 'key_unknown');
      expect(error.message).toContain('keyId is not a key identifier (expected base64 of 32 bytes, got "');
      expect(error.message.length).toBeLessThan(200);
    }
    const body = await request();
    const error = await expectCode(() => backend.authenticate({ ...body, keyId: 'A'.repeat(43) }), 'key_unknown');
    expect(error.message).toBe('the key is not registered');
  });

  it('must have signed the payload', async () => {
    const { backend, request } = await backendWithDevice();
    const { payload, ...rest } = await request();
    await expectCode(
      () => backend.authenticate({ ...rest, payload: payload.replace('coffee', 'gold') }),
      'invalid_signature',
    );
  });

  it('of another device cannot sign for it', async () => {
    const { backend, keyId } = await backendWithDevice();
    const thief = await createDevice();
    const stolen = await backend.register(await registration(backend, thief));
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const body = await thief.capacitor.createAssertion({ keyId: stolen.keyId, payload: challenge });
    await expectCode(() => backend.authenticate({ ...body, keyId }), 'invalid_signature');
  });

  it('that is revoked while a request is verified accepts nothing', async () => {
    const { keys, challenges } = memoryStores();
    const { backend, keyId, request } = await backendWithDevice({
      challenges,
      keys: {
        insert: (key) => keys.insert(key),
        find: (id) => keys.find(id),
        revoke: (id) => keys.revoke(id),
        async advance(id, counter, window) {
          await keys.revoke(id);
          return keys.advance(id, counter, window);
        },
      },
    });
    const body = await request();
    await expectCode(() => backend.authenticate(body), 'key_revoked');
    expect((await backend.key(keyId))?.counter).toBe(0);
  });

  it('is refused once its app or its environment is', async () => {
    const stores = memoryStores();
    const development = { environment: 'development' } as const;
    const { backend, request } = await backendWithDevice({ ...stores, ...development }, development);
    await backend.authenticate(await request());
    const narrowed = createBackend({ ...stores, environment: 'production' });
    const body = await request();
    await expectCode(() => narrowed.authenticate(body), 'environment_mismatch');

    const other = createBackend({ ...stores, ...development, appId: ['TEAMID1234.com.example.other'] });
    const error = await rejectionOf(async () => other.authenticate(await request()));
    expect(error).toMatchObject({ code: 'app_id_mismatch', actual: appId });
  });

  it('is judged by the policy of the server', async () => {
    const stores = memoryStores();
    const { request } = await backendWithDevice(stores, { bundleVersion: '1' });
    const strict = createBackend({ ...stores, policy: { bundleVersions: ['2'] } });
    const body = await request();
    await expectCode(() => strict.authenticate(body), 'extension_rejected');
  });
});

describe('a counter', () => {
  it('that stands still is refused', async () => {
    const { backend, device, request } = await backendWithDevice();
    await backend.authenticate(await request());
    device.misbehave({ standingCounter: true });
    const body = await request();
    await expectCode(() => backend.authenticate(body), 'counter_not_increased');
  });

  it('that comes out of order is refused without a window', async () => {
    const { backend, request } = await backendWithDevice();
    const [first, second] = [await request(), await request()];
    await backend.authenticate(second);
    await expectCode(() => backend.authenticate(first), 'counter_not_increased');
  });

  it('that comes out of order is accepted inside the window, once', async () => {
    const { backend, device, keyId } = await backendWithDevice({ counterWindow: 2 });
    const signed = async () => {
      const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
      return device.capacitor.createAssertion({ keyId, payload: challenge });
    };
    const [one, two, three, four] = [await signed(), await signed(), await signed(), await signed()];
    expect((await backend.authenticate(four)).key.counter).toBe(4);
    expect((await backend.authenticate(two)).key.counter).toBe(4);
    expect((await backend.authenticate(three)).key.counter).toBe(4);
    await expectCode(() => backend.authenticate(one), 'counter_not_increased');

    device.misbehave({ standingCounter: true });
    const again = await signed();
    await expectCode(() => backend.authenticate(again), 'counter_not_increased');
  });
});

describe('extensions', () => {
  const dropped = async (policy?: ExtensionPolicy) => {
    const { backend, device, request } = await backendWithDevice(policy && { policy });
    await backend.authenticate(await request());
    device.misbehave({ olderSdk: true });
    return { backend, body: await request() };
  };

  it('that a key no longer carries are not missed without a policy, nor by one that accepts that', async () => {
    for (const policy of [undefined, { validationCategories: [4], whenDropped: 'accept' } as const]) {
      const { backend, body } = await dropped(policy);
      expect((await backend.authenticate(body)).key.counter).toBe(2);
    }
  });

  it.each([
    { whenAbsent: 'accept' },
    { whenDropped: 'reject' },
    { validationCategories: [4], whenAbsent: 'accept', whenDropped: 'reject' },
    { whenAbsent: 'reject', whenDropped: 'accept' },
  ] as const)('that a key no longer carries are missed by %o', async (policy) => {
    const { backend, body } = await dropped(policy);
    await expectCode(() => backend.authenticate(body), 'extension_missing');
  });

  it('that a key carried when it was registered may not be missing', async () => {
    const { backend, device, request } = await backendWithDevice({ policy: {} });
    await backend.authenticate(await request());
    device.misbehave({ olderSdk: true });
    const body = await request();
    await expectCode(() => backend.authenticate(body), 'extension_missing');
    expect((await backend.key(body.keyId))?.counter).toBe(1);
  });

  it('that a key began to carry later may not be missing from then on', async () => {
    const backend = createBackend({ policy: {} });
    const device = await createDevice();
    device.misbehave({ olderSdk: true });
    const { keyId } = await backend.register(await registration(backend, device));
    const request = () => signedRequest(backend, device, keyId);
    await backend.authenticate(await request());
    expect(await backend.key(keyId)).not.toHaveProperty('extensions');

    device.misbehave({});
    const { key } = await backend.authenticate(await request());
    expect(key.extensions).toEqual({ validationCategory: 4, bundleVersion: '1' });
    expect(await backend.key(keyId)).toEqual(key);

    device.misbehave({ olderSdk: true });
    const body = await request();
    await expectCode(() => backend.authenticate(body), 'extension_missing');
  });

  it('are not asked of a key that never carried any', async () => {
    const { backend, request } = await backendWithDevice({}, { os: 'iOS 26' });
    await backend.authenticate(await request());
    await backend.authenticate(await request());
  });
});

describe('a body that cannot be read', () => {
  it.each([undefined, null, '{}', 1, [], {}, [[]]])('%o', async (body) => {
    await expectCode(() => createBackend().authenticate(body), 'malformed_assertion');
  });

  const CHANGES: readonly [string, Record<string, unknown>][] = [
    ['no key id', { keyId: undefined }],
    ['a number for a key id', { keyId: 5 }],
    ['no payload', { payload: undefined }],
    ['a parsed payload', { payload: { challenge: 'x' } }],
    ['a number for a payload', { payload: 5 }],
    ['half a surrogate pair in the payload', { payload: '{"challenge":"\ud83d"}' }],
    ['no token', { token: undefined }],
    ['an array for a token', { token: ['AAAA'] }],
    ['another legacy token', { assertion: 'AAAA' }],
    ['a platform that is no text', { platform: [] }],
  ];
  it.each(CHANGES)('%s', async (_, changes) => {
    const { backend, request } = await backendWithDevice();
    const body = await request();
    await expectCode(() => backend.authenticate({ ...body, ...changes }), 'malformed_assertion');
    await backend.authenticate(body);
  });

  it.each(['', '%%%', 'A'.repeat(10 << 20)])('a token that is none', async (token) => {
    const { backend, request } = await backendWithDevice();
    const body = await request();
    await expectCode(() => backend.authenticate({ ...body, token }), 'malformed_assertion');
  });

  it('an answer of the other platforms of the plugin', async () => {
    const backend = createBackend();
    for (const body of [
      { platform: 'android', format: 'google-play-integrity-standard', keyId: 'x', payload: 'y', token: 'z' },
      { platform: 'web', format: 'web-fallback', keyId: 'x', payload: 'y', token: 'z' },
    ]) {
      await expectCode(() => backend.authenticate(body), 'unsupported_format');
    }
  });

  it.each([
    null,
    'alice',
    { subject: '' },
    { subject: undefined },
    { readChallenge: 'x' },
    { readchallenge: () => '' },
  ])('but options %o are the mistake of the server', async (options) => {
    await expectCode(() => createBackend().authenticate({}, options as never), 'invalid_argument');
  });
});

it('says nothing of challenges and payloads in its messages', async () => {
  const { backend, request } = await backendWithDevice();
  const body = await request();
  const { challenge } = JSON.parse(body.payload);
  const attempts = [{ ...body, token: 'AAAA' }, body, { ...body, payload: `${challenge}!` }, { ...body, payload: 5 }];
  for (const attempt of attempts) {
    const error = await rejectionOf(() => backend.authenticate(attempt));
    expect(`${error.stack} ${error.expected} ${error.actual} ${error.cause}`).not.toContain(challenge);
  }
});

describe('a challenge that is unknown', () => {
  const LOOKED: readonly [string, string | Uint8Array, string][] = [
    [
      'in an empty payload',
      '',
      'neither a challenge nor JSON with an entry challenge: it is 0 bytes that are not JSON',
    ],
    ['in text', 'challenge=abc', 'JSON with an entry challenge: it is 13 bytes that are not JSON'],
    ['in JSON without it', '{"nonce":"abc"}', 'JSON with an entry challenge: it is JSON without that entry'],
    ['in JSON that is no object', '[1]', 'JSON with an entry challenge: it is JSON without that entry'],
    [
      'in long JSON',
      `{"a":"${'a'.repeat(1 << 20)}"}`,
      'JSON with an entry challenge: JSON longer than 1048576 bytes is not searched',
    ],
    [
      'in JSON with other text',
      '{"challenge":"secret"}',
      'the entry challenge in the JSON of the payload is not a well-formed challenge (expected 43 characters of base64url, got text of 6 characters)',
    ],
    ['in JSON with a number', '{"challenge":5}', 'got number)'],
    ['as the payload', 'A'.repeat(43), 'the challenge found as the whole payload was not issued by this server'],
    [
      'as the bytes of the payload',
      new Uint8Array(32),
      'the challenge found as the whole payload was not issued by this server',
    ],
    [
      'as an entry',
      JSON.stringify({ challenge: 'A'.repeat(43) }),
      'the challenge found as the entry challenge in the JSON of the payload was not issued by this server',
    ],
  ];
  it.each(LOOKED)('%s says where it was looked for', async (_, payload, message) => {
    const backend = createBackend();
    const error = await expectCode(
      () => backend.authenticate({ keyId: 'key', payload, token: 'AAAA' }),
      'challenge_unknown',
    );
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('secret');
  });

  it.each([
    [() => undefined, 'readChallenge found no challenge in the payload'],
    [
      () => 'secret',
      'readChallenge returned a malformed challenge for the payload (expected 43 characters of base64url, got text',
    ],
    [() => 'A'.repeat(43), 'the challenge found by readChallenge in the payload was not issued by this server'],
  ])('to readChallenge says so', async (readChallenge, message) => {
    const body = { keyId: 'key', payload: 'secret', token: 'AAAA' };
    const error = await expectCode(() => createBackend({ readChallenge }).authenticate(body), 'challenge_unknown');
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('secret');
  });
});
