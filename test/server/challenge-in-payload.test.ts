import { describe, expect, it, vi } from 'vitest';
import { backendWithDevice, createBackend, sha256 } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the challenge in a payload', () => {
  const PAYLOADS: readonly [string, (challenge: string) => string | Uint8Array][] = [
    ['is the payload', (challenge) => challenge],
    ['is the payload and is sent as bytes', (challenge) => utf8(challenge)],
    ['is the payload and is sent as its 32 decoded bytes', (challenge) => Buffer.from(challenge, 'base64url')],
    ['is in the field challenge of JSON', (challenge) => JSON.stringify({ challenge })],
    ['is in one of several fields of JSON', (challenge) => ` {"amount": "9,99 €",\n "challenge":"${challenge}"} `],
    [
      'is in the field challenge of JSON that is sent as bytes',
      (challenge) => utf8(JSON.stringify({ a: [{ challenge: 'inner' }], challenge })),
    ],
  ];
  it.each(PAYLOADS)('is found if it %s', async (_, write) => {
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
    ['is missing because the payload is empty', () => ''],
    ['is inside text that is not JSON', (challenge) => `challenge=${challenge}`],
    ['is nested in JSON', (challenge) => JSON.stringify({ data: { challenge } })],
    ['is in an array', (challenge) => JSON.stringify([challenge])],
    ['is a JSON string', (challenge) => JSON.stringify(challenge)],
    ['is a number', () => '{"challenge":5}'],
    ['is inside an array in the field challenge', (challenge) => JSON.stringify({ challenge: [challenge] })],
    ['is in truncated JSON', (challenge) => `{"challenge":"${challenge}"`],
    [
      'is in bytes that are not UTF-8',
      (c) => Buffer.concat([utf8(`{"challenge":"${c}","a":"`), Buffer.of(0xff, 0x22, 0x7d)]),
    ],
    ['is in JSON after a byte order mark', (challenge) => `\ufeff${JSON.stringify({ challenge })}`],
    ['is in more than 1 MiB of JSON', (c) => JSON.stringify({ challenge: c, a: 'a'.repeat(1 << 20) })],
    ['is missing because the payload is 100 000 brackets', () => '['.repeat(100_000)],
    ['is in the field __proto__ of JSON', () => '{"__proto__":{"challenge":"x"}}'],
    ['is an empty string', () => '{"challenge":""}'],
    ['is null', () => '{"challenge":null}'],
  ];
  it.each(WITHOUT)('is not found if it %s', async (_, write) => {
    const { backend, device, keyId } = await backendWithDevice();
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const payload = write(challenge);
    const token = await device.generateAssertion(keyId, sha256(payload));
    await expectCode(() => backend.authenticate({ keyId, payload, token }), 'challenge_unknown');
  });

  it('is found only by the server’s readChallenge if the server has this option', async () => {
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

  it('is found by the option readChallenge of authenticate, which replaces the option readChallenge of the server', async () => {
    const { backend, request } = await backendWithDevice({ readChallenge: () => undefined });
    const body = await request();
    const { challenge } = JSON.parse(body.payload);
    await backend.authenticate(body, { readChallenge: () => challenge });
  });

  const FUNCTIONS: readonly [string, unknown, 'challenge_unknown' | 'invalid_argument'][] = [
    ['throws an error', () => JSON.parse('{'), 'challenge_unknown'],
    ['returns a number', () => 5, 'challenge_unknown'],
    ['returns other text', () => 'x'.repeat(100_000), 'challenge_unknown'],
    ['returns null', () => null, 'challenge_unknown'],
    ['is asynchronous', async () => 'x', 'invalid_argument'],
  ];
  it.each(FUNCTIONS)('is not found by a readChallenge that %s', async (_, readChallenge, code) => {
    const { backend, request } = await backendWithDevice({ readChallenge: readChallenge as never });
    const body = await request();
    await expectCode(() => backend.authenticate(body), code);
  });
});

describe('a missing or unknown challenge', () => {
  const LOOKED: readonly [string, string | Uint8Array, string][] = [
    ['in an empty payload', '', 'neither a challenge nor JSON with a field challenge: it is 0 bytes that are not JSON'],
    ['in text', 'challenge=abc', 'JSON with a field challenge: it is 13 bytes that are not JSON'],
    ['in JSON without the field', '{"nonce":"abc"}', 'JSON with a field challenge: it is JSON without that field'],
    ['in JSON that is not an object', '[1]', 'JSON with a field challenge: it is JSON without that field'],
    [
      'in long JSON',
      `{"a":"${'a'.repeat(1 << 20)}"}`,
      'JSON with a field challenge: JSON longer than 1048576 bytes is not searched',
    ],
    [
      'in JSON with other text in the field',
      '{"challenge":"secret"}',
      'the field challenge of the JSON in the field payload is not a well-formed challenge (expected 43 characters of base64url, got text of 6 characters)',
    ],
    ['in JSON with a number in the field', '{"challenge":5}', 'got number)'],
    ['as the payload', 'A'.repeat(43), 'the challenge found in the field payload was not issued by this server'],
    [
      'as the bytes of the payload',
      new Uint8Array(32),
      'the challenge found in the field payload was not issued by this server',
    ],
    [
      'in the field challenge of JSON',
      JSON.stringify({ challenge: 'A'.repeat(43) }),
      'the challenge found in the field challenge of the JSON in the field payload was not issued by this server',
    ],
  ];
  it.each(LOOKED)('%s is rejected with an error that says where the server searched', async (_, payload, message) => {
    const backend = createBackend();
    const error = await expectCode(
      () => backend.authenticate({ keyId: 'key', payload, token: 'AAAA' }),
      'challenge_unknown',
    );
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('secret');
  });

  it.each([
    [() => undefined, 'readChallenge found no challenge in the field payload'],
    [
      () => 'secret',
      'readChallenge returned a malformed challenge for the field payload (expected 43 characters of base64url, got text',
    ],
    [() => 'A'.repeat(43), 'the challenge found by readChallenge in the field payload was not issued by this server'],
  ])('is rejected with an error that says what readChallenge returned', async (readChallenge, message) => {
    const body = { keyId: 'key', payload: 'secret', token: 'AAAA' };
    const error = await expectCode(() => createBackend({ readChallenge }).authenticate(body), 'challenge_unknown');
    expect(error.message).toContain(message);
    expect(error.message).not.toContain('secret');
  });
});
