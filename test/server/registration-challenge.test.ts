import { describe, expect, it } from 'vitest';
import { createBackend, createDevice, registration, TestClock } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

describe('a challenge', () => {
  it('is used up by a registration that succeeds', async () => {
    const backend = createBackend();
    const body = await registration(backend, await createDevice());
    await backend.register(body);
    await expectCode(() => backend.register(body), 'challenge_used');
  });

  it('is used up by a registration that is rejected', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const body = await registration(backend, device);
    await expectCode(() => backend.register({ ...body, token: 'AAAA' }), 'malformed_attestation');
    await expectCode(() => backend.register(body), 'challenge_used');
  });

  it('is used up by a registration even if it was issued for a request', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const keyId = await device.generateKey();
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const body = await device.capacitor.createAttestation({ keyId, challenge });
    await expectCode(() => backend.register(body), 'challenge_unknown');
    await expectCode(() => backend.register(body), 'challenge_used');
  });

  it('of one user is rejected for another user, and without a user', async () => {
    for (const subject of [{ subject: 'bob' }, {}]) {
      const backend = createBackend();
      const body = await registration(backend, await createDevice(), 'alice');
      await expectCode(() => backend.register(body, subject), 'challenge_unknown');
      await expectCode(() => backend.register(body, { subject: 'alice' }), 'challenge_used');
    }
  });

  it('that was issued without a user is accepted for any user', async () => {
    const backend = createBackend();
    const body = await registration(backend, await createDevice());
    expect((await backend.register(body, { subject: 'alice' })).subject).toBe('alice');
  });

  it('expires after challengeTtl seconds', async () => {
    const clock = new TestClock();
    const backend = createBackend({ challengeTtl: 60, now: clock.now });
    const device = await createDevice();
    const inTime = await registration(backend, device);
    const late = await registration(backend, device);
    clock.forward(59.999);
    await backend.register(inTime);
    clock.forward(0.001);
    await expectCode(() => backend.register(late), 'challenge_expired');
    await expectCode(() => backend.register(late), 'challenge_used');
  });

  it('is unknown if another server issued it, or if it is malformed or changed', async () => {
    const backend = createBackend();
    const device = await createDevice();
    const stranger = await registration(createBackend(), device);
    await expectCode(() => backend.register(stranger), 'challenge_unknown');

    const body = await registration(backend, device);
    const texts = ['', 'x', `${body.challenge}=`, ` ${body.challenge}`, 'x'.repeat(100_000), '\0'.repeat(43)];
    for (const challenge of texts) {
      await expectCode(() => backend.register({ ...body, challenge }), 'challenge_unknown');
    }
    for (const challenge of [new Uint8Array(), new Uint8Array(31), Buffer.from(`${body.challenge}=`)]) {
      await expectCode(() => backend.register({ ...body, challenge }), 'challenge_unknown');
    }
    expect((await backend.register(body)).keyId).toBe(body.keyId);
  });

  it('is rejected if the attestation was created for another challenge', async () => {
    const backend = createBackend();
    const body = await registration(backend, await createDevice());
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    await expectCode(() => backend.register({ ...body, challenge }), 'nonce_mismatch');
  });
});
