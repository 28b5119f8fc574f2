import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient, type Device } from '../../src/client/index.js';
import { memoryStorage } from '../support/app-client.js';
import { hurryPauses } from '../support/hurried-pauses.js';

const baseUrl = 'https://api.example.com';

/** Creates a rejection, as the handlers of this package send it. */
const rejection =
  (status: number, error: string, headers: Record<string, string> = {}) =>
  () =>
    Response.json({ error }, { status, headers: { 'cache-control': 'no-store', ...headers } });

const anotherDay = () => new Date(Date.now() + 86_400_000).toUTCString();
const deviceError = (code: string) => Object.assign(new Error('the device failed'), { code });

interface App {
  /** The number of calls of `generateKey`. */
  keys: number;
  /** The purposes of the challenges that the client requested. */
  challenges: string[];
  /** The number of calls of `attest`. */
  attested: number;
  /** The number of calls of `assert`. */
  signed: number;
  /** The number of orders that were sent. */
  sent: number;
  durations: readonly number[];
  fetch(): Promise<string>;
}

/** Creates an app. Its server and its device fail as the lists say, and succeed after the end of a list. */
function createApp(failures: {
  orders?: (() => Response)[];
  registrations?: (() => Response)[];
  challenges?: (() => Response)[];
  attest?: Error[];
  assert?: Error[];
}): App {
  const { orders = [], registrations = [], challenges = [], attest = [], assert = [] } = failures;
  const app: App = { keys: 0, challenges: [], attested: 0, signed: 0, sent: 0, durations: hurryPauses(), fetch: order };
  const device: Device = {
    isSupported: async () => true,
    generateKey: async () => {
      app.keys += 1;
      return `key ${app.keys}`;
    },
    attest: async () => {
      app.attested += 1;
      const error = attest.shift();
      if (error) throw error;
      return 'AA==';
    },
    assert: async () => {
      app.signed += 1;
      const error = assert.shift();
      if (error) throw error;
      return 'AA==';
    },
  };
  const fetch = async (url: string, init: RequestInit) => {
    if (url.endsWith('/challenge')) {
      app.challenges.push(JSON.parse(String(init.body)).purpose);
      return challenges.shift()?.() ?? Response.json({ challenge: 'c' });
    }
    if (url.endsWith('/registration'))
      return registrations.shift()?.() ?? Response.json({ keyId: 'k' }, { status: 201 });
    app.sent += 1;
    return orders.shift()?.() ?? new Response('placed');
  };
  const client = createClient({ device, baseUrl, storage: memoryStorage(), fetch });
  async function order(): Promise<string> {
    const response = await client.fetch('/orders', { method: 'POST', body: 'coffee' }).catch((error) => error);
    if (response instanceof Response) return `${response.status} ${await response.text()}`;
    return [response.code, response.serverCode].filter((code) => code !== undefined).join(' ');
  }
  return app;
}

/** Repeats a failure more often than any limit. */
const always = <Failure>(failure: Failure): Failure[] => Array.from({ length: 50 }, () => failure);

beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

describe('an order', () => {
  for (const row of [
    { name: 'challenge_expired', failure: rejection(401, 'challenge_expired'), signed: 2, keys: 1 },
    { name: 'challenge_unknown', failure: rejection(401, 'challenge_unknown'), signed: 2, keys: 1 },
    { name: 'counter_not_increased', failure: rejection(401, 'counter_not_increased'), signed: 2, keys: 1 },
    { name: 'key_unknown', failure: rejection(401, 'key_unknown'), signed: 2, keys: 2 },
    { name: 'key_revoked', failure: rejection(403, 'key_revoked'), signed: 2, keys: 2 },
    { name: 'status 503 of the handlers', failure: rejection(503, 'unavailable'), signed: 2, keys: 1 },
    {
      name: 'status 503 with Retry-After in seconds',
      failure: rejection(503, 'overloaded', { 'retry-after': '2' }),
      signed: 2,
      keys: 1,
    },
    {
      name: 'status 503 of the application',
      failure: () => new Response('busy', { status: 503, headers: { 'retry-after': '2' } }),
      signed: 2,
      keys: 1,
    },
    {
      name: 'status 429 of the application',
      failure: () => new Response('busy', { status: 429, headers: { 'retry-after': '2' } }),
      signed: 2,
      keys: 1,
    },
  ]) {
    it(`is signed again after ${row.name}, and fails if each response is ${row.name}`, async () => {
      const once = createApp({ orders: [row.failure] });
      expect(await once.fetch()).toBe('200 placed');
      expect({ signed: once.signed, keys: once.keys }).toEqual({ signed: row.signed, keys: row.keys });
      expect(once.challenges.filter((purpose) => purpose === 'assertion')).toHaveLength(row.signed);

      const often = createApp({ orders: always(row.failure) });
      expect(await often.fetch()).toMatch(/^rejected( |$)/);
      const isLater = row.failure().status === 503 || row.failure().status === 429;
      expect({ sent: often.sent, keys: often.keys }).toEqual({ sent: isLater ? 4 : 2, keys: row.keys });
      // The next request creates no further key, because the server has never accepted the first new key.
      await often.fetch();
      expect(often.keys).toBe(row.keys);
    });
  }

  it.each([
    [401, 'invalid_signature'],
    [401, 'key_id_mismatch'],
    [401, 'counter_not_zero'],
    [401, 'assertion_missing'],
    [409, 'key_already_registered'],
    [403, 'extension_rejected'],
    [400, 'malformed_request'],
    [413, 'body_too_large'],
    [500, 'invalid_argument'],
    [503, 'sold_out'],
  ])('is not sent again after %i %s', async (status, code) => {
    const app = createApp({ orders: always(rejection(status, code)) });
    expect(await app.fetch()).toBe(`rejected ${code}`);
    expect({ sent: app.sent, keys: app.keys }).toEqual({ sent: 1, keys: 1 });
  });

  it.each<[name: string, response: () => Response, expected: string]>([
    [
      'an error of the application',
      () => Response.json({ error: 'sold_out' }, { status: 409 }),
      '409 {"error":"sold_out"}',
    ],
    ['status 401 of the application', () => new Response('log in', { status: 401 }), '401 log in'],
    ['status 503 without Retry-After', () => new Response('down', { status: 503 }), '503 down'],
    [
      'JSON with a code and another property',
      () => Response.json({ error: 'key_unknown', id: 7 }, { status: 409, headers: { 'cache-control': 'no-store' } }),
      '409 {"error":"key_unknown","id":7}',
    ],
  ])('is not sent again if the response is %s: the app receives this response', async (_name, response, expected) => {
    const app = createApp({ orders: [response] });
    expect(await app.fetch()).toBe(expected);
    expect(app.sent).toBe(1);
  });

  it.each<[value: () => string, milliseconds: number]>([
    [() => '0', 1000],
    [() => '2', 2000],
    [() => '30', 30_000],
    [() => 'soon', 1000],
    [() => new Date(0).toUTCString(), 1000],
  ])('is sent again after the time in Retry-After, and at least after one second', async (value, milliseconds) => {
    const app = createApp({ orders: [rejection(503, 'overloaded', { 'retry-after': value() })] });
    vi.stubGlobal('setTimeout', quickly(milliseconds));
    expect(await app.fetch()).toBe('200 placed');
    expect(waits).toContain(milliseconds);
  });

  it('is sent again after the date in Retry-After', async () => {
    const date = () => new Date(Date.now() + 5500).toUTCString();
    const app = createApp({ orders: [() => rejection(503, 'overloaded', { 'retry-after': date() })()] });
    expect(await app.fetch()).toBe('200 placed');
    const [milliseconds = 0] = app.durations;
    expect(milliseconds).toBeGreaterThan(4000);
    expect(milliseconds).toBeLessThan(5600);
  });

  it.each([() => '31', anotherDay])('is not sent again if Retry-After is longer than maxDelay', async (value) => {
    const app = createApp({ orders: [rejection(503, 'overloaded', { 'retry-after': value() })] });
    expect(await app.fetch()).toBe('rejected overloaded');
    expect(app.sent).toBe(1);
  });

  it('is sent again after Retry-After and a random time of up to half of it', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const app = createApp({ orders: [rejection(503, 'overloaded', { 'retry-after': '2' })] });
    await app.fetch();
    expect(app.durations).toEqual([2500]);
  });
});

const waits: number[] = [];
/** Creates a `setTimeout` whose timers of the given duration end immediately. */
function quickly(duration: number) {
  const { setTimeout } = globalThis;
  waits.length = 0;
  return (run: () => void, milliseconds: number) => {
    waits.push(milliseconds);
    return setTimeout(run, milliseconds === duration ? 0 : milliseconds);
  };
}

describe('a rejected registration', () => {
  it.each([
    ['challenge_expired', 401, 1],
    ['challenge_unknown', 401, 1],
    ['challenge_used', 401, 1],
    ['unavailable', 503, 1],
  ])('is sent again after %s, with the same key', async (code, status, keys) => {
    const app = createApp({ registrations: [rejection(status, code)] });
    expect(await app.fetch()).toBe('200 placed');
    expect({ attested: app.attested, keys: app.keys }).toEqual({ attested: 2, keys });
    const often = createApp({ registrations: always(rejection(status, code)) });
    expect(await often.fetch()).toBe(`rejected ${code}`);
    expect({ attested: often.attested, keys: often.keys }).toEqual({ attested: status === 503 ? 4 : 2, keys });
  });

  it.each(['key_already_registered', 'key_revoked'])(
    'causes one new key with the next request after %s',
    async (code) => {
      const app = createApp({ registrations: always(rejection(409, code)) });
      for (let round = 0; round < 4; round += 1) expect(await app.fetch()).toBe(`rejected ${code}`);
      expect({ keys: app.keys, sent: app.sent }).toEqual({ keys: 2, sent: 0 });
    },
  );

  it.each(['nonce_mismatch', 'environment_mismatch'])('causes no new key if the code is %s', async (code) => {
    const app = createApp({ registrations: always(rejection(401, code)) });
    for (let round = 0; round < 3; round += 1) expect(await app.fetch()).toBe(`rejected ${code}`);
    expect({ keys: app.keys, attested: app.attested }).toEqual({ keys: 1, attested: 3 });
  });
});

describe('a failure of the device', () => {
  it.each<[code: string, expected: string, keys: number, signed: number]>([
    ['invalidKey', 'key_lost', 2, 2],
    ['com.apple.devicecheck.error 3', 'key_lost', 2, 2],
    ['serverUnavailable', 'apple_unavailable', 1, 4],
    ['com.apple.devicecheck.error error 4.', 'apple_unavailable', 1, 4],
    ['(com.apple.devicecheck.error-Fehler 3.)', 'key_lost', 2, 2],
    ['unknownSystemFailure', 'device_failed', 1, 1],
    ['com.apple.devicecheck.error error 0. 3', 'device_failed', 1, 1],
    ['Error: no response after 3 seconds', 'device_failed', 1, 1],
    ['Internal error in step 1', 'device_failed', 1, 1],
    ['HTTP error 4', 'device_failed', 1, 1],
  ])('with %s while it signs is reported as %s if each attempt fails', async (code, expected, keys, signed) => {
    const once = createApp({ assert: [deviceError(code)] });
    expect(await once.fetch()).toBe(expected === 'device_failed' ? 'device_failed' : '200 placed');
    expect(once.keys).toBe(keys);
    const often = createApp({ assert: always(deviceError(code)) });
    expect(await often.fetch()).toBe(expected);
    expect({ keys: often.keys, signed: often.signed }).toEqual({ keys, signed });
    await often.fetch();
    expect(often.keys).toBe(keys);
  });

  it('causes one new key if the device cannot attest any key', async () => {
    const app = createApp({ attest: always(deviceError('invalidKey')) });
    for (let round = 0; round < 4; round += 1) expect(await app.fetch()).toBe('key_lost');
    expect(app.keys).toBe(2);
  });

  it('with the error serverUnavailable makes the client wait 1, 2 and 4 seconds', async () => {
    const app = createApp({ attest: always(deviceError('serverUnavailable')) });
    expect(await app.fetch()).toBe('apple_unavailable');
    expect(app.durations).toEqual([1000, 2000, 4000]);
    expect({ keys: app.keys, attested: app.attested }).toEqual({ keys: 1, attested: 4 });
  });

  it('with the error featureUnsupported makes the client send the order without evidence', async () => {
    const app = createApp({ attest: [deviceError('featureUnsupported')] });
    expect(await app.fetch()).toBe('200 placed');
    expect(app.signed).toBe(0);
  });
});

describe('a lost response', () => {
  const lost = () => {
    throw new TypeError('connection lost');
  };

  it.each(['challenge_used', 'challenge_unknown', 'key_unknown', 'invalid_signature'])(
    'before a rejection with %s is reported as answer_lost, because the server may have placed the order',
    async (code) => {
      const app = createApp({ orders: [lost, rejection(401, code)] });
      expect(await app.fetch()).toBe(`answer_lost ${code}`);
      expect({ keys: app.keys, signed: app.signed, sent: app.sent }).toEqual({ keys: 1, signed: 1, sent: 2 });
    },
  );
});

it.each([
  ['/orders', 401, 'key_unknown'],
  ['/registration', 409, 'key_already_registered'],
])('two clients with one storage create one new key each if %s always fails', async (path, status, code) => {
  let made = 0;
  const device: Device = {
    isSupported: async () => true,
    generateKey: async () => `key ${++made}`,
    attest: async () => 'AA==',
    assert: async () => 'AA==',
  };
  let isKnown = false;
  const fetch = async (url: string) => {
    if (url.endsWith(path) && !isKnown) return rejection(status, code)();
    if (url.endsWith('/challenge')) return Response.json({ challenge: 'c' });
    if (url.endsWith('/registration')) return Response.json({ keyId: 'k' }, { status: 201 });
    return new Response('placed');
  };
  const storage = memoryStorage();
  const clients = [1, 2].map(() => createClient({ device, baseUrl, storage, fetch }));
  const everyone = async () => {
    for (const client of clients) await client.fetch('/orders').catch(() => undefined);
  };
  for (let round = 0; round < 5; round += 1) await everyone();
  expect(made).toBe(3);
  if (path === '/registration') return;
  // After an accepted request, each client may replace its key again.
  isKnown = true;
  await everyone();
  isKnown = false;
  for (let round = 0; round < 5; round += 1) await everyone();
  expect(made).toBe(5);
});

it('requests that start together wait for one registration, even if this registration fails', async () => {
  const app = createApp({ attest: always(deviceError('serverUnavailable')) });
  const outcomes = await Promise.all([app.fetch(), app.fetch(), app.fetch()]);
  expect(outcomes).toEqual(['apple_unavailable', 'apple_unavailable', 'apple_unavailable']);
  expect({ keys: app.keys, attested: app.attested }).toEqual({ keys: 1, attested: 4 });
});

it('the client discards all challenges that it requested ahead if the server rejects one of them', async () => {
  const issued: string[] = [];
  let rejected = 0;
  const fetch = async (url: string, init: RequestInit) => {
    if (url.endsWith('/challenge')) {
      const challenge = `challenge ${issued.length}`;
      issued.push(challenge);
      return Response.json({ challenge });
    }
    if (url.endsWith('/registration')) return Response.json({ keyId: 'key' }, { status: 201 });
    const number = Number(new Headers(init.headers).get('x-app-attest-challenge')?.replace('challenge ', ''));
    if (number >= rejected) return new Response('placed');
    return rejection(401, 'challenge_unknown')();
  };
  const device = {
    isSupported: async () => true,
    generateKey: async () => 'key',
    attest: async () => 'AA==',
    assert: async () => 'AA==',
  };
  const client = createClient({ device, baseUrl, storage: memoryStorage(), fetch, challengesAhead: 3 });
  await client.fetch('/orders');
  await expect.poll(() => issued.length).toBe(5);
  // The server lost all challenges, for example at a restart.
  rejected = issued.length;
  expect((await client.fetch('/orders')).status).toBe(200);
});

describe('a request for a challenge', () => {
  it('is repeated if the server is busy', async () => {
    const app = createApp({ challenges: [rejection(503, 'overloaded')] });
    expect(await app.fetch()).toBe('200 placed');
    expect(app.keys).toBe(1);
  });

  it.each<[name: string, response: () => Response, expected: string]>([
    ['status 404', () => new Response('<html>', { status: 404 }), 'unexpected_response'],
    ['JSON without a challenge', () => Response.json({}), 'unexpected_response'],
    ['a redirect', () => Response.redirect('https://other.example/', 302), 'redirected'],
    ['a rejection', rejection(401, 'subject_missing'), 'rejected subject_missing'],
  ])('fails with an AppAttestClientError if the response is %s', async (_name, response, expected) => {
    const app = createApp({ challenges: always(response) });
    expect(await app.fetch()).toBe(expected);
    expect(app.challenges).toHaveLength(1);
  });
});
