import { describe, expect, it } from 'vitest';
import { createBackend, createDevice, registration, TestClock } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

describe('takeChallenge', () => {
  it('takes a challenge only once, for the purpose and the user that the challenge was issued for', async () => {
    const backend = createBackend();
    for (const purpose of ['attestation', 'assertion'] as const) {
      for (const user of [{}, { subject: 'alice' }]) {
        const { challenge } = await backend.issueChallenge({ purpose, ...user });
        expect(await backend.takeChallenge(challenge, { purpose, ...user })).toBeUndefined();
        await expectCode(() => backend.takeChallenge(challenge, { purpose, ...user }), 'challenge_used');
      }
    }
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    await backend.takeChallenge(challenge, { purpose: 'assertion', subject: 'alice' });
  });

  it('accepts a challenge in only one of 200 simultaneous calls', async () => {
    const backend = createBackend();
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const calls = Array.from({ length: 200 }, () => backend.takeChallenge(challenge, { purpose: 'assertion' }));
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('uses up a challenge, so that register rejects it', async () => {
    const backend = createBackend();
    const body = await registration(backend, await createDevice());
    await backend.takeChallenge(body.challenge, { purpose: 'attestation' });
    await expectCode(() => backend.register(body), 'challenge_used');
  });

  it('rejects a challenge that was issued for another purpose or user, and uses up the challenge', async () => {
    const backend = createBackend();
    const { challenge: attestation } = await backend.issueChallenge({ purpose: 'attestation' });
    await expectCode(() => backend.takeChallenge(attestation, { purpose: 'assertion' }), 'challenge_unknown');
    await expectCode(() => backend.takeChallenge(attestation, { purpose: 'attestation' }), 'challenge_used');

    for (const user of [{ subject: 'bob' }, { subject: 'Alice' }, {}]) {
      const { challenge } = await backend.issueChallenge({ purpose: 'assertion', subject: 'alice' });
      await expectCode(() => backend.takeChallenge(challenge, { purpose: 'assertion', ...user }), 'challenge_unknown');
    }
  });

  it('rejects a challenge that has expired', async () => {
    const clock = new TestClock();
    const backend = createBackend({ now: clock.now });
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    clock.forward(300);
    await expectCode(() => backend.takeChallenge(challenge, { purpose: 'assertion' }), 'challenge_expired');
  });

  it.each([
    ['not issued by this server', 'A'.repeat(43)],
    ['empty', ''],
    ['too short', 'A'.repeat(42)],
    ['too long', 'A'.repeat(10_000_000)],
    ['base64 instead of base64url', `${'A'.repeat(42)}+`],
    ['base64url with padding', `${'A'.repeat(43)}=`],
    ['bytes instead of text', new Uint8Array(32)],
    ['an object', { toString: () => 'A'.repeat(43) }],
    ['absent', undefined],
    ['null', null],
  ])('rejects a challenge that is %s', async (_, challenge) => {
    const error = await expectCode(
      () => createBackend().takeChallenge(challenge as never, { purpose: 'assertion' }),
      'challenge_unknown',
    );
    expect(error.message).toContain('the challenge passed to takeChallenge');
    expect(error.message.length).toBeLessThan(200);
  });

  it.each([
    undefined,
    null,
    {},
    { purpose: undefined },
    { purpose: 'registration' },
    { purpose: 'assertion', subject: undefined },
    { purpose: 'assertion', subject: '' },
    { purpose: 'assertion', user: 'alice' },
  ])('rejects the options %j, and does not use up the challenge', async (options) => {
    const backend = createBackend();
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    await expectCode(() => backend.takeChallenge(challenge, options as never), 'invalid_argument');
    await backend.takeChallenge(challenge, { purpose: 'assertion' });
  });
});
