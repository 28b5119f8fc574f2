import { generateKeyPairSync } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import {
  dueReceipts,
  receiptDueAt,
  refreshReceipt,
  type StoredReceipt,
  verifyAssertion,
  verifyAttestation,
  verifyReceipt,
} from '../../src/index.js';
import { type KnownOptions, readKnownOptions } from '../../src/options/known-options.js';
import { createAuthority } from '../support/certificate-authority.js';
import { APP_ID, assert, attest } from '../support/evidence.js';
import { makeReceipt } from '../support/receipts.js';
import { expectCode } from '../support/rejection.js';
import { chain, inWhole } from '../support/verified-receipts.js';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { privateKey: _, ...attestation } = await attest(await createAuthority());
const assertion = { assertion: assert(privateKey), publicKey, payload: 'payload', appId: APP_ID, counter: 0 };
const receipt = { receipt: await makeReceipt(chain), appId: APP_ID, date: inWhole, trustAnchors: [chain.root.der] };
const credentials = {
  teamId: 'TEAMID1234',
  keyId: 'KEYID12345',
  privateKey: String(privateKey.export({ format: 'pem', type: 'pkcs8' })),
};
const notModified = async () => new Response(null, { status: 304 });
const refresh = { receipt: receipt.receipt, environment: 'production', credentials, fetch: notModified } as const;
const stored: StoredReceipt = { keyId: 'key', type: 'ATTEST', creationTime: inWhole, expirationTime: inWhole };

type Call = (more: object) => unknown;
type Functions = readonly [name: string, call: Call, required: readonly string[], optional: readonly string[]][];

/**
 * The verifiers, the functions for receipts, and the option `credentials`. `required` are options that must not be `undefined`.
 * `optional` are options that may be `undefined`. Some options are in neither list.
 */
const functions: Functions = [
  [
    'verifyAttestation',
    (more) => verifyAttestation({ ...attestation, ...more }),
    ['attestation', 'keyId', 'appId', 'policy'],
    ['clientDataHash', 'environment'],
  ],
  [
    'verifyAssertion',
    (more) => verifyAssertion({ ...assertion, ...more }),
    ['assertion', 'publicKey', 'appId', 'counter', 'policy'],
    ['clientDataHash'],
  ],
  [
    'verifyReceipt',
    (more) => verifyReceipt({ ...receipt, ...more }),
    ['receipt', 'appId', 'publicKey', 'challenge', 'clientDataHash', 'type', 'maxAge'],
    ['environment'],
  ],
  [
    'refreshReceipt',
    (more) => refreshReceipt({ ...refresh, ...more }),
    ['receipt', 'environment', 'credentials'],
    ['endpoint', 'signal', 'timeout'],
  ],
  [
    'credentials',
    (more) => refreshReceipt({ ...refresh, credentials: { ...credentials, ...more } }),
    ['teamId', 'keyId', 'privateKey'],
    [],
  ],
  ['receiptDueAt', (more) => receiptDueAt(stored, more), [], ['afterAttestation', 'interval', 'jitter', 'reserve']],
  [
    'dueReceipts',
    (more) => dueReceipts([stored], more),
    [],
    ['afterAttestation', 'interval', 'jitter', 'reserve', 'date'],
  ],
];

describe.each(functions)('the options of %s', (name, call, required, optional) => {
  it('are rejected if an option is unknown', async () => {
    await call({});
    for (const unknown of ['publickey', 'Policy', '', 'toString', 'constructor', '\n']) {
      const { message } = await expectCode(() => call({ [unknown]: undefined }), 'invalid_argument');
      expect(message).toBe(`${name} has no option ${JSON.stringify(unknown)}`);
    }
  });

  it.each(required)('are rejected if %s is undefined', async (option) => {
    const { message } = await expectCode(() => call({ [option]: undefined }), 'invalid_argument');
    expect(message).toBe(`the option ${option} of ${name} is undefined`);
  });

  it.each(optional)('are accepted if %s is undefined', async (option) => {
    await call({ [option]: undefined });
  });
});

it.each(functions.slice(0, 4))('%s requires a plain object as its options', async (name) => {
  const all: Record<string, (options: never) => unknown> = {
    verifyAttestation,
    verifyAssertion,
    verifyReceipt,
    refreshReceipt,
  };
  for (const options of [undefined, null, 'options', 5, () => undefined]) {
    const error = await expectCode(() => all[name]?.(options as never), 'invalid_argument');
    expect(error.message).toBe(`the options of ${name} must be a plain object`);
  }
});

class Getters {
  readonly #inherited = 0;
  get interval(): number {
    return this.#inherited;
  }
}

class WithoutPrototype {}
Object.setPrototypeOf(WithoutPrototype.prototype, null);

const notPlain: readonly [string, () => object][] = [
  ['a promise that was not awaited', () => Promise.resolve({ interval: 1 })],
  ['a Map', () => new Map([['interval', 1]])],
  ['an instance of a class', () => new Getters()],
  ['an instance of a class that extends null', () => new WithoutPrototype()],
  ['an object that inherits its options', () => Object.create({ interval: 1 })],
  ['an object that inherits from an object without a prototype', () => Object.create(Object.create(null))],
  [
    'an object that inherits from an object literal with the method isPrototypeOf',
    () => Object.create({ isPrototypeOf: () => true }),
  ],
  ['an array', () => []],
  ['a function', () => () => undefined],
  ['a Map from another realm', () => runInNewContext('new Map()')],
  ['an array from another realm', () => runInNewContext('[]')],
];

describe('the options of a call', () => {
  it.each(notPlain)('are rejected if they are %s instead of a plain object', async (_, options) => {
    const error = await expectCode(() => receiptDueAt(stored, options()), 'invalid_argument');
    expect(error.message).toBe('the options of receiptDueAt must be a plain object');
    // These calls are accepted. So the next calls can fail only because of the options, the policy or the credentials.
    for (const [, call] of functions.slice(0, 4)) await call({});
    for (const verify of [verifyAttestation, verifyAssertion, verifyReceipt, refreshReceipt]) {
      await expectCode(() => verify(options() as never), 'invalid_argument');
    }
    await expectCode(() => verifyAssertion({ ...assertion, policy: options() as never }), 'invalid_argument');
    await expectCode(() => refreshReceipt({ ...refresh, credentials: options() as never }), 'invalid_argument');
    await expectCode(() => dueReceipts([stored], options()), 'invalid_argument');
  });

  it('are rejected if an option is misspelt, even if the option is not enumerable or its name is a symbol', async () => {
    const hidden = Object.defineProperty({}, 'intervall', { value: 1 });
    const { message } = await expectCode(() => receiptDueAt(stored, hidden), 'invalid_argument');
    expect(message).toBe('receiptDueAt has no option "intervall"');
    const symbol = await expectCode(
      () => receiptDueAt(stored, { [Symbol('interval')]: 1 } as never),
      'invalid_argument',
    );
    expect(symbol.message).toBe('receiptDueAt has no option "Symbol(interval)"');
  });

  it('are rejected if policy is undefined, even if policy is not enumerable', async () => {
    const options = Object.defineProperty({ ...assertion }, 'policy', { value: undefined });
    await expectCode(() => verifyAssertion(options), 'invalid_argument');
  });
});

describe('options are read', () => {
  const policy = { validationCategories: [4], whenAbsent: 'reject' } as const;

  it('from objects of another realm, and from objects without a prototype', async () => {
    for (const options of [runInNewContext('({})'), Object.create(null)]) {
      expect((await verifyAssertion(Object.assign(options, assertion))).counter).toBe(1);
      await expectCode(() => verifyAssertion(Object.assign(options, { policy })), 'extension_missing');
    }
    for (const appId of [runInNewContext('({})'), Object.create(null)]) {
      Object.assign(appId, { teamId: 'TEAMID1234', bundleId: 'com.example.app' });
      expect((await verifyAssertion({ ...assertion, appId })).appId).toBe(APP_ID);
    }
  });

  it('even if they are not enumerable', async () => {
    const options = Object.defineProperty({ ...assertion }, 'policy', { value: policy });
    await expectCode(() => verifyAssertion(options), 'extension_missing');
  });

  it('only once, even if a getter would return another value the second time', async () => {
    const known: KnownOptions<{ policy: object; date?: Date | undefined }> = {
      policy: 'never undefined',
      date: 'may be undefined',
    };
    const answers: unknown[] = [policy, undefined];
    const options = {
      get policy() {
        return answers.shift();
      },
    };
    const read = readKnownOptions('a function', options, known);
    expect([read.policy, read.policy, answers.length]).toEqual([policy, policy, 1]);
    expect(Reflect.ownKeys(read)).toEqual(['policy']);
  });

  it('only once by verifyAssertion', async () => {
    const answers: unknown[] = [policy, {}, {}];
    const options = {
      ...assertion,
      get policy(): object {
        return Object(answers.shift());
      },
    };
    await expectCode(() => verifyAssertion(options), 'extension_missing');
    expect(answers.length).toBe(2);
  });
});

describe('a polluted Object.prototype', () => {
  const names = ['trustAnchors', 'date', 'policy', 'whenAbsent', 'environment', 'clientDataHash'];
  afterEach(() => {
    for (const name of names) Reflect.deleteProperty(Object.prototype, name);
  });
  const pollute = (name: string, value: unknown): void => {
    Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
  };

  it('cannot set an option that the caller does not pass', async () => {
    const evil = await attest(await createAuthority());
    const { trustAnchors, date, privateKey: __, ...options } = evil;
    pollute('trustAnchors', trustAnchors);
    pollute('date', date);
    await expectCode(() => verifyAttestation(options), 'untrusted_certificate');
    pollute('clientDataHash', new Uint8Array(32));
    expect((await verifyAssertion({ ...assertion })).counter).toBe(1);
    pollute('whenAbsent', 'reject');
    expect((await verifyAssertion({ ...assertion, policy: {} })).counter).toBe(1);
  });

  it('cannot make an unknown option valid', async () => {
    pollute('environment', 'may be undefined');
    const { message } = await expectCode(
      () => verifyAssertion({ ...assertion, environment: 1 } as never),
      'invalid_argument',
    );
    expect(message).toBe('verifyAssertion has no option "environment"');
  });
});
