import { describe, expect, it, vi } from 'vitest';
import { memoryStores } from '../../src/server/index.js';
import { backendWithDevice, createDevice, TestClock } from '../support/backend.js';
import { expectCode, rejectionOf } from '../support/rejection.js';

describe('a challenge', () => {
  it('is used up by a request that is rejected', async () => {
    const { backend, request } = await backendWithDevice();
    const body = await request();
    await expectCode(() => backend.authenticate({ ...body, token: 'AAAA' }), 'malformed_assertion');
    await expectCode(() => backend.authenticate(body), 'challenge_used');
  });

  it('is used up by a request with a key that is not registered', async () => {
    const { backend, request } = await backendWithDevice();
    const body = await request();
    const stranger = await (await createDevice()).generateKey();
    await expectCode(() => backend.authenticate({ ...body, keyId: stranger }), 'key_unknown');
    await expectCode(() => backend.authenticate(body), 'challenge_used');
  });

  it('is accepted in only one of two requests that contain it', async () => {
    const { backend, device, keyId } = await backendWithDevice();
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const [first, second] = [
      await device.capacitor.createAssertion({ keyId, payload: JSON.stringify({ challenge, item: 'coffee' }) }),
      await device.capacitor.createAssertion({ keyId, payload: JSON.stringify({ challenge, item: 'gold' }) }),
    ];
    await backend.authenticate(first);
    await expectCode(() => backend.authenticate(second), 'challenge_used');
  });

  it('that was issued for a registration is rejected in a request, and is then used up', async () => {
    const { backend, device, keyId } = await backendWithDevice();
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    const body = await device.capacitor.createAssertion({ keyId, payload: challenge });
    await expectCode(() => backend.authenticate(body), 'challenge_unknown');
    const another = await device.capacitor.createAttestation({ keyId: await device.generateKey(), challenge });
    await expectCode(() => backend.register(another), 'challenge_used');
  });

  it('expires after five minutes by default', async () => {
    const clock = new TestClock();
    const { backend, request } = await backendWithDevice({ now: clock.now });
    const [inTime, late] = [await request(), await request()];
    clock.forward(299.999);
    await backend.authenticate(inTime);
    clock.forward(0.001);
    await expectCode(() => backend.authenticate(late), 'challenge_expired');
  });
});

it('a malformed challenge is not looked up in the store', async () => {
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

it('error messages never contain the challenge or the payload', async () => {
  const { backend, request } = await backendWithDevice();
  const body = await request();
  const { challenge } = JSON.parse(body.payload);
  const attempts = [{ ...body, token: 'AAAA' }, body, { ...body, payload: `${challenge}!` }, { ...body, payload: 5 }];
  for (const attempt of attempts) {
    const error = await rejectionOf(() => backend.authenticate(attempt));
    expect(`${error.stack} ${error.expected} ${error.actual} ${error.cause}`).not.toContain(challenge);
  }
});
