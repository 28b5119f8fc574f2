import { decode } from 'cbor-x';
import { describe, expect, it, vi } from 'vitest';
import type { ClientDataForm } from '../../src/server/index.js';
import { cbor } from '../../src/testing/encoding/cbor.js';
import type { VirtualDevice } from '../../src/testing/index.js';
import { base64, createBackend, createDevice, sha256 } from '../support/backend.js';
import { signedExtensions } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const decoded = (text: string): Uint8Array => Buffer.from(text, 'base64');

/** Computes the `clientDataHash` that an app passes to the device for client data as text. */
const CLIENT_DATA_HASH: Record<ClientDataForm, (text: string) => Uint8Array> = {
  sha256: (text) => sha256(text),
  'sha256-decoded': (text) => sha256(decoded(text)),
  raw: utf8,
};

const FORMS = ['sha256', 'sha256-decoded', 'raw'] as const;

/** Returns the client data that an app sends for a JSON object: base64 with `'sha256-decoded'`, otherwise the JSON itself. */
const wrapped = (form: ClientDataForm, json: object): string => {
  const text = JSON.stringify(json);
  return form === 'sha256-decoded' ? base64(utf8(text)) : text;
};

async function register(
  backend: ReturnType<typeof createBackend>,
  device: VirtualDevice,
  form: ClientDataForm,
  write: (challenge: string) => string = (challenge) => challenge,
) {
  const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
  const text = write(challenge);
  const keyId = await device.generateKey();
  const token = await device.attestKey(keyId, CLIENT_DATA_HASH[form](text));
  return backend.register({ keyId, challenge: text, token });
}

describe.each(FORMS)('an app whose form of client data is %s', (form) => {
  it('can register a key and sign a request', async () => {
    const backend = createBackend({ clientData: form });
    const device = await createDevice();
    const { keyId } = await register(backend, device, form);

    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const payload = wrapped(form, { item: 'coffee', challenge });
    const token = await device.generateAssertion(keyId, CLIENT_DATA_HASH[form](payload));
    const authenticated = await backend.authenticate({ keyId, payload, token });
    expect(JSON.parse(Buffer.from(authenticated.payload).toString())).toEqual({ item: 'coffee', challenge });
  });

  it('is rejected by a server that expects another form of client data', async () => {
    for (const other of FORMS.filter((candidate) => candidate !== form)) {
      const device = await createDevice();
      const backend = createBackend({ clientData: other });
      await expectCode(() => register(backend, device, form), 'nonce_mismatch');

      const { keyId } = await register(backend, device, other);
      const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
      const token = await device.generateAssertion(keyId, CLIENT_DATA_HASH[form](challenge));
      await expectCode(() => backend.authenticate({ keyId, payload: challenge, token }), 'invalid_signature');
    }
  });

  it('may wrap the challenge of a registration in JSON', async () => {
    const device = await createDevice();
    const key = await register(createBackend({ clientData: form }), device, form, (challenge) => {
      return wrapped(form, { challenge, app: 'coffee' });
    });
    expect(key.counter).toBe(0);
  });

  it('may send client data as bytes', async () => {
    const backend = createBackend({ clientData: form });
    const device = await createDevice();
    const hash = (bytes: Uint8Array) => (form === 'raw' ? bytes : sha256(bytes));
    for (const write of [utf8, (challenge: string) => Buffer.from(challenge, 'base64url')]) {
      const keyId = await device.generateKey();
      const challenge = write((await backend.issueChallenge({ purpose: 'attestation' })).challenge);
      await backend.register({ keyId, challenge, token: await device.attestKey(keyId, hash(challenge)) });

      const payload = write((await backend.issueChallenge({ purpose: 'assertion' })).challenge);
      const token = await device.generateAssertion(keyId, hash(payload));
      expect((await backend.authenticate({ keyId, payload, token })).payload).toEqual(new Uint8Array(payload));
    }
  });

  it('is rejected if its client data is bytes whose ArrayBuffer was transferred', async () => {
    const bytes = new Uint8Array(32);
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
    const backend = createBackend({ clientData: form });
    const request = { keyId: base64(new Uint8Array(32)), token: 'AAAA' };
    await expectCode(() => backend.register({ ...request, challenge: bytes }), 'invalid_argument');
    await expectCode(() => backend.authenticate({ ...request, payload: bytes }), 'invalid_argument');
  });
});

describe('client data of the form sha256-decoded', () => {
  const backend = createBackend({ clientData: 'sha256-decoded' });

  it.each(['{"challenge":"x"}', 'AAAAA', 'AA==AA==', 'AB==', 'AAAA ', 'é'])('is rejected if it is %o', async (text) => {
    const request = { keyId: base64(new Uint8Array(32)), token: 'AAAA' };
    await expectCode(() => backend.register({ ...request, challenge: text }), 'malformed_attestation');
    await expectCode(() => backend.authenticate({ ...request, payload: text }), 'malformed_assertion');
  });

  it('may be base64url without padding or base64 with padding', async () => {
    for (const spelling of ['base64url', 'base64'] as const) {
      const device = await createDevice();
      await register(backend, device, 'sha256-decoded', (challenge) => {
        return Buffer.from(challenge, 'base64url').toString(spelling);
      });
    }
  });
});

it('raw client data must not be empty, because nothing would be signed', async () => {
  const backend = createBackend({ clientData: 'raw', readChallenge: () => 'A'.repeat(43) });
  const request = { keyId: base64(new Uint8Array(32)), token: 'AAAA' };
  for (const empty of ['', new Uint8Array()]) {
    await expectCode(() => backend.register({ ...request, challenge: empty }), 'malformed_attestation');
    await expectCode(() => backend.authenticate({ ...request, payload: empty }), 'malformed_assertion');
  }
});

it('raw client data of a registration must not be longer than 64 KiB, because it stays in memory while the registration waits', async () => {
  const readChallenge = () => 'A'.repeat(43);
  const backend = createBackend({ clientData: 'raw', readChallenge });
  const request = { keyId: base64(new Uint8Array(32)), token: 'AAAA' };
  const long = 'x'.repeat(65_537);
  await expectCode(() => backend.register({ ...request, challenge: long }), 'malformed_attestation');
  await expectCode(() => backend.register({ ...request, challenge: long.slice(1) }), 'challenge_unknown');
  // The limit does not apply to payloads, because a request does not wait. It also does not apply to hashed client data, because
  // only the short hash is needed while a registration waits.
  await expectCode(() => backend.authenticate({ ...request, payload: long }), 'challenge_unknown');
  const hashed = createBackend({ readChallenge });
  await expectCode(() => hashed.register({ ...request, challenge: long }), 'challenge_unknown');
});

it('a raw payload of more than 64 KiB is accepted', async () => {
  const backend = createBackend({ clientData: 'raw' });
  const device = await createDevice();
  const { keyId } = await register(backend, device, 'raw');
  const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
  const payload = JSON.stringify({ challenge, text: 'x'.repeat(65_536) });
  const token = await device.generateAssertion(keyId, utf8(payload));
  expect((await backend.authenticate({ keyId, payload, token })).payload).toEqual(utf8(payload));
});

describe('an extension map that a tampered app moved from raw client data to authenticator data', () => {
  const backend = createBackend({ clientData: 'raw' });
  const map = signedExtensions();
  const behindMap = (clientData: Uint8Array) => new Uint8Array(Buffer.concat([map, clientData]));
  const withMap = (evidence: Uint8Array, name: 'authData' | 'authenticatorData') => {
    const object = decode(evidence);
    return cbor({ ...object, [name]: new Uint8Array(Buffer.concat([object[name], map])) });
  };
  /** A device that sends no extensions, and so never sets the flag ED. */
  const oldDevice = () => createDevice({ os: 'iOS 26' });

  // 32 bytes are the length of a SHA-256 hash. verifyAssertion treats client data of this length as a hash.
  const forms = [
    ['32 bytes', (challenge: string) => new Uint8Array(Buffer.from(challenge, 'base64url'))],
    ['43 characters', utf8],
  ] as const;

  it.each(forms)('is rejected in a registration if the challenge is sent as %s', async (_, write) => {
    const device = await oldDevice();
    const keyId = await device.generateKey();
    const challenge = write((await backend.issueChallenge({ purpose: 'attestation' })).challenge);
    const attestation = await device.attestKey(keyId, behindMap(challenge));
    const token = withMap(attestation, 'authData');
    await expectCode(() => backend.register({ keyId, challenge, token }), 'malformed_attestation');
  });

  it.each(forms)('is rejected in a request if the challenge is sent as %s', async (_, write) => {
    const device = await oldDevice();
    const { keyId } = await register(backend, device, 'raw');
    const payload = write((await backend.issueChallenge({ purpose: 'assertion' })).challenge);
    const assertion = await device.generateAssertion(keyId, behindMap(payload));
    const token = withMap(assertion, 'authenticatorData');
    await expectCode(() => backend.authenticate({ keyId, payload, token }), 'malformed_assertion');
  });
});

describe('readChallenge', () => {
  const nested = (clientData: Uint8Array): string | undefined => {
    return JSON.parse(Buffer.from(clientData).toString()).data.challenge;
  };

  it('finds the challenge in client data of a registration, but the server hashes all of the client data', async () => {
    const backend = createBackend({ readChallenge: nested });
    const device = await createDevice();
    const wrap = (challenge: string) => JSON.stringify({ data: { challenge }, app: 'coffee' });
    await register(backend, device, 'sha256', wrap);

    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    const keyId = await device.generateKey();
    const token = await device.attestKey(keyId, sha256(challenge));
    const body = { keyId, challenge: wrap(challenge), token };
    await expectCode(() => backend.register(body), 'nonce_mismatch');
    await expectCode(() => backend.register(body), 'challenge_used');
  });

  it('replaces the search for the field challenge in JSON', async () => {
    const backend = createBackend({ readChallenge: nested });
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    const body = { keyId: 'key', challenge: JSON.stringify({ challenge }), token: 'AAAA' };
    const error = await expectCode(() => backend.register(body), 'challenge_unknown');
    expect(error.message).toBe('readChallenge threw an error for the field challenge');
  });

  it('is not called if the client data of a registration is the challenge itself', async () => {
    const readChallenge = vi.fn(() => undefined);
    await register(createBackend({ readChallenge }), await createDevice(), 'sha256');
    expect(readChallenge).not.toHaveBeenCalled();
  });

  it('does not make a used challenge valid again', async () => {
    const backend = createBackend({ readChallenge: nested });
    const device = await createDevice();
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    const registerWith = async (app: string) => {
      const text = JSON.stringify({ data: { challenge }, app });
      const keyId = await device.generateKey();
      return backend.register({ keyId, challenge: text, token: await device.attestKey(keyId, sha256(text)) });
    };
    await registerWith('coffee');
    await expectCode(() => registerWith('tea'), 'challenge_used');
  });
});
