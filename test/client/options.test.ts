import { expect, it } from 'vitest';
import { AppAttestClientError, capacitor, createClient } from '../../src/client/index.js';
import { memoryStorage } from '../support/app-client.js';

const method = async () => '';
const device = { isSupported: async () => true, generateKey: method, attest: method, assert: method };
const valid = { device, storage: memoryStorage(), baseUrl: 'https://api.example.com' };
const plugin = { isSupported: async () => ({ isSupported: true }), prepare: async () => ({ keyId: '' }) };

it.each<[options: object, message: RegExp]>([
  [{ device: undefined }, /isSupported must match \/\^function\/, but is undefined/],
  [{ device: plugin }, /generateKey must match \/\^function\/, but is undefined/],
  [{ device: { ...device, attest: 'x' } }, /attest must match .* but is string x/],
  [{ device: { ...device, assert: null } }, /assert must match .* but is object null/],
  [{ storage: {} }, /get must match/],
  [{ storage: { get: method, set: method } }, /remove must match/],
  [{ baseUrl: undefined }, /baseUrl must match/],
  [{ baseUrl: 'api.example.com' }, /baseUrl must match .*https.* but is string api\.example\.com/],
  [{ baseUrl: 'https://api.example.com?a' }, /baseUrl must match/],
  [{ baseUrl: 'capacitor://localhost' }, /baseUrl must match/],
  [{ baseUrl: 7 }, /baseUrl must match/],
  [{ fetch: 'fetch' }, /fetch must match \/\^function\/, but is string fetch/],
  [{ sha256: null }, /sha256 must match/],
  [{ onUnsupported: 'send' }, /onUnsupported must match/],
  [{ paths: { challenge: 'challenge' } }, /challenge must match .* but is string challenge/],
  [{ paths: { registration: 7 } }, /registration must match/],
  [{ paths: { session: undefined } }, /session must match/],
  [{ parallel: 'true' }, /parallel must match/],
  [{ challengesAhead: -1 }, /challengesAhead must match .* but is number -1/],
  [{ retries: '3' }, /retries must match .* but is string 3/],
  [{ retries: Number.NaN }, /retries must match .* but is number NaN/],
  [{ maxDelay: Number.POSITIVE_INFINITY }, /maxDelay must match .* but is number Infinity/],
  [{ timeout: 60_000 }, /timeout must match .* but is number 60000/],
  [{ retrys: 5 }, /retrys must match \/\^undefined\/, but is number 5/],
  [{ onUnsuported: () => 'throw' }, /onUnsuported must match/],
  [{ paths: { sessions: '/s' } }, /sessions must match/],
])('createClient rejects the options %j', (options, message) => {
  const create = () => Reflect.apply(createClient, undefined, [{ ...valid, ...options }]);
  expect(create).toThrow(AppAttestClientError);
  expect(create).toThrow(message);
  expect(create).toThrow(/^invalid_argument: /);
});

it.each<object>([
  {},
  { baseUrl: 'http://localhost:3000/v1/' },
  { challengesAhead: 3, retries: 0, maxDelay: 0.5, timeout: 0.25, parallel: true },
  { paths: { challenge: '/c' } },
  {
    device: capacitor({
      ...plugin,
      createAttestation: async () => ({ token: '' }),
      createAssertion: async () => ({ token: '' }),
    }),
  },
])('createClient accepts the options %j', (options) => {
  expect(Reflect.apply(createClient, undefined, [{ ...valid, ...options }])).toHaveProperty('fetch');
});

it.each([undefined, null])('createClient rejects %s instead of options', (options) => {
  expect(() => Reflect.apply(createClient, undefined, [options])).toThrow(
    'invalid_argument: isSupported must match /^function/, but is undefined undefined',
  );
});
