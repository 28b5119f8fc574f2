import { expect, it } from 'vitest';
import { withSignedChallenges } from '../../examples/signed-challenges.js';
import { memoryStores } from '../../src/server/index.js';
import { createBackend } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';

it('challenges that were signed with the previous secret stay valid, and each is accepted once', async () => {
  const stores = memoryStores();
  const [previous, secret] = ['p'.repeat(32), 's'.repeat(32)];
  const before = createBackend(withSignedChallenges(stores, previous));
  const after = createBackend(withSignedChallenges(stores, secret, previous));
  for (const server of [before, after]) {
    const { challenge } = await server.issueChallenge({ purpose: 'assertion' });
    expect(await after.takeChallenge(challenge, { purpose: 'assertion' })).toBeUndefined();
    await expectCode(() => after.takeChallenge(challenge, { purpose: 'assertion' }), 'challenge_used');
  }
});
