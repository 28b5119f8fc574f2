import { afterEach, describe, expect, it, vi } from 'vitest';
import { APPLE_APP_ATTESTATION_ROOT_CA } from '../../src/certificates/apple-roots.js';
import { createAppAttest, memoryStores } from '../../src/server/index.js';
import { appId, apple, createBackend, createDevice, registration } from '../support/backend.js';
import { expectCode, rejectionOf } from '../support/rejection.js';

const { challenges, keys } = memoryStores();
const WRONG: readonly [string, unknown][] = [
  ['undefined as the options', undefined],
  ['a missing appId', { challenges, keys }],
  ['a malformed App ID', { appId: 'app' }],
  ['an unknown environment', { appId, environment: 'staging' }],
  ['a misspelt option', { appId, counterwindow: 5 }],
  ['an undefined policy', { appId, policy: undefined }],
  ['undefined for verifyReceipts', { appId, verifyReceipts: undefined }],
  ['undefined for challenges and keys', { appId, challenges: undefined, keys: undefined }],
  ['an unknown form of client data', { appId, clientData: 'sha512' }],
  ['an unknown value of whenDropped', { appId, policy: { whenDropped: 'ignore' } }],
  ['a misspelt option of the policy', { appId, policy: { bundleVersion: ['1'] } }],
  ['challenges without keys', { appId, challenges }],
  ['keys without challenges', { appId, keys }],
  ['stores without the required methods', { appId, challenges: new Map(), keys: new Map() }],
  ['a challengeTtl of zero', { appId, challengeTtl: 0 }],
  ['a challengeTtl of more than a day', { appId, challengeTtl: 86_401 }],
  ['NaN as the challengeTtl', { appId, challengeTtl: Number.NaN }],
  ['text as the challengeTtl', { appId, challengeTtl: '300' }],
  ['a negative counterWindow', { appId, counterWindow: -1 }],
  ['a fraction as the counterWindow', { appId, counterWindow: 1.5 }],
  ['a counterWindow of more than 64', { appId, counterWindow: 65 }],
  ['text for verifyReceipts', { appId, verifyReceipts: 'yes' }],
  ['text for readChallenge', { appId, readChallenge: 'challenge' }],
  ['an invalid trust anchor', { appId, trustAnchors: ['junk'] }],
  ['an empty list of trust anchors', { appId, trustAnchors: [] }],
  ['an invalid trust anchor for receipts', { appId, receiptTrustAnchors: ['junk'] }],
  ['a number for now', { appId, now: 5 }],
  ['text for now', { appId, now: 'today' }],
  ['a function now that returns a number', { appId, now: () => Date.now() }],
  ['a function now that returns an invalid date', { appId, now: () => new Date(Number.NaN) }],
];
it.each(WRONG)('createAppAttest rejects %s', async (_, options) => {
  await expectCode(() => createAppAttest(options as never), 'invalid_argument');
});

it.each([
  [{ challenges }, 'pass challenges and keys together, or omit both: keys is missing'],
  [{ keys }, 'pass challenges and keys together, or omit both: challenges is missing'],
  [{ challenges: new Map(), keys }, 'challenges must be a ChallengeStore: it has no method put'],
  [{ challenges, keys: null }, 'keys must be a KeyStore: it has no method insert'],
  [{ environment: 'staging' }, "environment must be 'production', 'development' or an array of these, not \"staging\""],
  [{ environment: [] }, "environment must be 'production', 'development' or an array of these, not []"],
  [
    { environment: [{}, null] },
    "environment must be 'production', 'development' or an array of these, not object, null",
  ],
  [{ challengeTtl: '300' }, 'challengeTtl must be a number of seconds, greater than 0 and at most 86400, not "300"'],
  [{ challengeTtl: -1 }, 'challengeTtl must be a number of seconds, greater than 0 and at most 86400, not -1'],
])('createAppAttest explains in the error what is wrong with %o', async (options, message) => {
  const error = await expectCode(() => createAppAttest({ appId, ...options } as never), 'invalid_argument');
  expect(error.message).toBe(message);
});

it.each(['insert', 'find', 'advance', 'revoke', 'bind', 'list', 'remove', 'receipt', 'saveReceipt', 'due'])(
  'createAppAttest names the method %s in the error if a key store does not have it',
  async (method) => {
    const incomplete = Object.assign(Object.create(keys), { [method]: undefined });
    const error = await expectCode(() => createAppAttest({ appId, challenges, keys: incomplete }), 'invalid_argument');
    expect(error.message).toBe(`keys must be a KeyStore: it has no method ${method}`);
  },
);

it('createAppAttest shows the correct call in the error if only the App ID is passed', async () => {
  const error = await expectCode(() => createAppAttest(appId as never), 'invalid_argument');
  expect(error.message).toBe('pass the App ID as an option: createAppAttest({ appId })');
});

it.each([{ maxKeys: 0 }, { maxKeys: Number.NaN }, { maxChallenges: 1.5 }, { maxkeys: 5 }])(
  'memoryStores rejects the options %o',
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

it('each server has its own stores in memory by default', async () => {
  const { backend, keyId } = await backendInMemory();
  expect((await backend.key(keyId))?.keyId).toBe(keyId);
  expect(await createAppAttest({ appId }).key(keyId)).toBeUndefined();
});

it('issueChallenge throws an error if the function now no longer returns a valid date', async () => {
  for (const broken of [new Date(Number.NaN), Date.now()]) {
    const times: unknown[] = [new Date(), broken];
    const backend = createAppAttest({ appId, now: () => times.shift() as Date });
    await expectCode(() => backend.issueChallenge({ purpose: 'assertion' }), 'invalid_argument');
  }
});

describe('createAppAttest in production', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each(['trustAnchors', 'receiptTrustAnchors'] as const)(
    'rejects the root of a virtual Apple in %s',
    async (name) => {
      const options = { appId, [name]: apple[name] };
      createAppAttest(options);
      vi.stubEnv('NODE_ENV', 'production');
      const { message } = await expectCode(() => createAppAttest(options), 'invalid_argument');
      expect(message).toContain('the root of a virtual Apple must not be a trust anchor in production');
    },
  );
});

describe('changes after createAppAttest have no effect on', () => {
  it.each(['validationCategories', 'bundleVersions', 'whenAbsent'] as const)('%s of the policy', async (name) => {
    const policy = { validationCategories: [2], bundleVersions: ['42'], whenAbsent: 'reject' } as const;
    const backend = createBackend({ policy: { [name]: policy[name] } });
    const changeable = { [name]: structuredClone(policy[name]) };
    const changed = createBackend({ policy: changeable });
    if (Array.isArray(changeable[name])) Reflect.set(changeable[name], 'length', 0);
    Reflect.deleteProperty(changeable, name);
    const os = name === 'whenAbsent' ? 'iOS 17.2' : 'iOS 27';
    for (const server of [backend, changed]) {
      const body = await registration(server, await createDevice({ os }));
      const error = await rejectionOf(() => server.register(body));
      expect(error.code).toBe(name === 'whenAbsent' ? 'extension_missing' : 'extension_rejected');
    }
  });

  it.each(['PEM', 'DER'])('the trust anchors as %s', async (form) => {
    const [pem = ''] = apple.trustAnchors;
    const der = Buffer.from(pem.replace(/-----.*-----|\s/g, ''), 'base64');
    const trustAnchors: (string | Uint8Array)[] = [form === 'PEM' ? pem : der];
    const backend = createBackend({ trustAnchors });
    der.fill(0);
    trustAnchors[0] = APPLE_APP_ATTESTATION_ROOT_CA;
    await backend.register(await registration(backend, await createDevice()));
  });

  it('the trust anchors for receipts', async () => {
    const receiptTrustAnchors = [...apple.receiptTrustAnchors];
    const backend = createBackend({ receiptTrustAnchors, verifyReceipts: true });
    receiptTrustAnchors.length = 0;
    await backend.register(await registration(backend, await createDevice()));
  });
});
