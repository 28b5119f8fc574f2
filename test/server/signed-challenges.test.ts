import { randomBytes } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { createAppAttest, memoryStores, signedChallenges } from '../../src/server/index.js';
import {
  appId,
  apple,
  backendWithDevice,
  createBackend,
  createDevice,
  registration,
  signedRequest,
  TestClock,
} from '../support/backend.js';
import { memoryInUse } from '../support/cost.js';
import { observed } from '../support/observed-stores.js';
import { expectCode, rejectionOf } from '../support/rejection.js';

const secret = randomBytes(32);

/** Stores in memory whose challenges are signed with these secrets. */
function signedStores(
  secrets: readonly (string | Uint8Array)[] = [secret],
  { challenges: used, keys } = memoryStores(),
) {
  return { challenges: signedChallenges({ secrets, used }), keys };
}

const assertion = { purpose: 'assertion' } as const;

describe('a signed challenge', () => {
  it('has 32 bytes as base64url, and is different each time', async () => {
    const backend = createBackend({ ...signedStores(), now: new Date('2026-09-01T00:00:00Z') });
    const issued = await Promise.all(Array.from({ length: 1000 }, () => backend.issueChallenge(assertion)));
    for (const { challenge, expiresAt } of issued) {
      expect(challenge).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(Buffer.from(challenge, 'base64url')).toHaveLength(32);
      expect(expiresAt).toEqual(new Date('2026-09-01T00:05:00Z'));
    }
    expect(new Set(issued.map(({ challenge }) => challenge)).size).toBe(1000);
  });

  it('registers a key and signs requests, for a user or for none', async () => {
    for (const subject of [undefined, 'alice']) {
      const user = subject === undefined ? {} : { subject };
      const backend = createBackend(signedStores());
      const device = await createDevice();
      const { keyId } = await backend.register(await registration(backend, device, subject), user);
      for (const options of [user, {}]) {
        for (const ofChallenge of [subject, undefined]) {
          const body = await signedRequest(backend, device, keyId, ofChallenge);
          expect((await backend.authenticate(body, options)).key.subject).toBe(subject);
          await expectCode(() => backend.authenticate(body, options), 'challenge_used');
        }
      }
    }
  });

  it('needs no store until it is taken, and a request with it needs two rounds to the stores', async () => {
    const { stores, rounds } = observed(memoryStores());
    const { backend, device, keyId, request } = await backendWithDevice(signedStores([secret], stores));
    await backend.bind(keyId, 'alice');
    rounds.splice(0);
    const bodies = [await request(), await signedRequest(backend, device, keyId, 'alice')];
    expect(rounds).toEqual([]);
    for (const body of bodies) await backend.authenticate(body);
    expect(rounds).toEqual([['spend', 'find'], ['advance'], ['find'], ['spend', 'advance']]);
  });

  it('is valid on every server with the same secret and the same stores', async () => {
    const stores = memoryStores();
    const [one, other] = [createBackend(signedStores([secret], stores)), createBackend(signedStores([secret], stores))];
    const { challenge } = await one.issueChallenge(assertion);
    await other.takeChallenge(challenge, assertion);
    await expectCode(() => one.takeChallenge(challenge, assertion), 'challenge_used');
  });

  it('is taken by only one of 200 simultaneous calls', async () => {
    const { backend, request } = await backendWithDevice({ ...signedStores(), counterWindow: 64 });
    const body = await request();
    const outcomes = await Promise.allSettled(Array.from({ length: 200 }, () => backend.authenticate(body)));
    const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'accepted'));
    expect(codes.filter((code) => code === 'accepted')).toHaveLength(1);
    expect(codes.filter((code) => code === 'challenge_used')).toHaveLength(199);
  });

  it('is used up by a request that fails', async () => {
    const { backend, request } = await backendWithDevice(signedStores());
    const body = await request();
    await expectCode(() => backend.authenticate({ ...body, token: 'AAAA' }), 'malformed_assertion');
    await expectCode(() => backend.authenticate(body), 'challenge_used');
  });

  it('is rejected for another purpose, in both directions', async () => {
    const backend = createBackend(signedStores());
    for (const [issued, taken] of [
      ['attestation', 'assertion'],
      ['assertion', 'attestation'],
    ] as const) {
      const { challenge } = await backend.issueChallenge({ purpose: issued });
      await expectCode(() => backend.takeChallenge(challenge, { purpose: taken }), 'challenge_unknown');
    }
  });

  it('is rejected for another user and for no user', async () => {
    const backend = createBackend(signedStores());
    const { challenge } = await backend.issueChallenge({ ...assertion, subject: 'alice' });
    for (const user of [{ subject: 'bob' }, { subject: 'Alice' }, { subject: 'alice ' }, {}]) {
      await expectCode(() => backend.takeChallenge(challenge, { ...assertion, ...user }), 'challenge_unknown');
    }
    await backend.takeChallenge(challenge, { ...assertion, subject: 'alice' });
  });

  it('is rejected for the key of another user', async () => {
    const { backend, device, keyId } = await backendWithDevice(signedStores());
    const unbound = await signedRequest(backend, device, keyId, 'bob');
    await expectCode(() => backend.authenticate(unbound), 'challenge_unknown');
    await backend.bind(keyId, 'alice');
    for (const options of [{ subject: 'alice' }, {}]) {
      const body = await signedRequest(backend, device, keyId, 'bob');
      await expectCode(() => backend.authenticate(body, options), 'challenge_unknown');
    }
  });

  it('is rejected before it reaches the challenge store if any bit was changed, or if it is forged', async () => {
    const { stores, rounds } = observed(memoryStores());
    const { backend, device, keyId } = await backendWithDevice(signedStores([secret], stores));
    const { challenge } = await backend.issueChallenge(assertion);
    rounds.splice(0);
    for (let bit = 0; bit < 256; bit += 1) {
      const bytes = Buffer.from(challenge, 'base64url');
      bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      await expectCode(() => backend.takeChallenge(bytes.toString('base64url'), assertion), 'challenge_unknown');
    }
    expect(rounds).toEqual([]);
    const forged = await device.capacitor.createAssertion({ keyId, payload: 'A'.repeat(43) });
    await expectCode(() => backend.authenticate(forged), 'challenge_unknown');
    expect(rounds).toEqual([]);
    // A challenge that claims to be issued for a user can only be verified with the user of the key.
    const forUser = await device.capacitor.createAssertion({ keyId, payload: `${'_'.repeat(42)}8` });
    await expectCode(() => backend.authenticate(forUser), 'challenge_unknown');
    expect(rounds).toEqual([['find']]);
    await backend.takeChallenge(challenge, assertion);
  });

  it('has only one valid text: the unused bits of the last character must be zero', async () => {
    const backend = createBackend(signedStores());
    const { challenge } = await backend.issueChallenge(assertion);
    const bytes = Buffer.from(challenge, 'base64url');
    const texts = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
      .map((last) => challenge.slice(0, -1) + last)
      .filter((text) => Buffer.from(text, 'base64url').equals(bytes));
    expect(texts).toHaveLength(4);
    for (const text of texts) {
      if (text !== challenge) await expectCode(() => backend.takeChallenge(text, assertion), 'challenge_unknown');
    }
    await backend.takeChallenge(challenge, assertion);
  });

  it.each(['', 'A', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}=`, null, 5])(
    'is rejected if it is malformed: %o',
    async (challenge) => {
      const backend = createBackend(signedStores());
      await expectCode(() => backend.takeChallenge(challenge as never, assertion), 'challenge_unknown');
    },
  );

  it('expires after challengeTtl, and stays expired if the clock is set back', async () => {
    const clock = new TestClock();
    const backend = createBackend({ ...signedStores(), challengeTtl: 30, now: clock.now });
    const [inTime, late] = [await backend.issueChallenge(assertion), await backend.issueChallenge(assertion)];
    clock.forward(29.999);
    await backend.takeChallenge(inTime.challenge, assertion);
    clock.forward(0.001);
    await expectCode(() => backend.takeChallenge(late.challenge, assertion), 'challenge_expired');
    clock.forward(-3600);
    for (const { challenge } of [late, inTime]) {
      await expectCode(() => backend.takeChallenge(challenge, assertion), 'challenge_expired');
    }
  });

  it('is accepted by a server whose clock is behind the clock of the issuing server', async () => {
    const stores = memoryStores();
    const [clock, behind] = [new TestClock(), new TestClock()];
    behind.forward(-3600);
    const issuing = createBackend({ ...signedStores([secret], stores), now: clock.now });
    const taking = createBackend({ ...signedStores([secret], stores), now: behind.now });
    const { challenge } = await issuing.issueChallenge(assertion);
    await taking.takeChallenge(challenge, assertion);
    await expectCode(() => issuing.takeChallenge(challenge, assertion), 'challenge_used');
    const { challenge: own } = await taking.issueChallenge(assertion);
    await taking.takeChallenge(own, assertion);
  });

  it('is not shown in error messages', async () => {
    const backend = createBackend(signedStores());
    const { challenge } = await backend.issueChallenge({ ...assertion, subject: 'alice' });
    const error = await rejectionOf(() => backend.takeChallenge(challenge, assertion));
    expect(`${error.stack} ${error.expected} ${error.actual}`).not.toContain(challenge);
  });
});

it('while the secret is replaced step by step, servers at neighbouring steps accept the challenges of each other', async () => {
  const stores = memoryStores();
  const next = 'a text of at least thirty-two bytes';
  const steps = [[secret], [secret, next], [next, secret], [next]].map((secrets) =>
    createBackend(signedStores(secrets, stores)),
  );
  for (const [index, server] of steps.entries()) {
    for (const neighbour of steps.slice(Math.max(0, index - 1), index + 2)) {
      const { challenge } = await server.issueChallenge(assertion);
      await neighbour.takeChallenge(challenge, assertion);
      await expectCode(() => server.takeChallenge(challenge, assertion), 'challenge_used');
    }
  }
  const [first, , , last] = steps;
  const { challenge } = (await first?.issueChallenge(assertion)) ?? { challenge: '' };
  await expectCode(async () => last?.takeChallenge(challenge, assertion), 'challenge_unknown');
});

describe('without stores, createAppAttest', () => {
  const defaults = () => createAppAttest({ appId, trustAnchors: apple.trustAnchors });

  it('issues challenges that no other process accepts', async () => {
    const [one, other] = [defaults(), defaults()];
    const { challenge } = await one.issueChallenge(assertion);
    await expectCode(() => other.takeChallenge(challenge, assertion), 'challenge_unknown');
    await one.takeChallenge(challenge, assertion);
  });

  it('needs no memory for 100 000 unused challenges, and still accepts a challenge that it issued before', async () => {
    const backend = defaults();
    const device = await createDevice();
    const { keyId } = await backend.register(await registration(backend, device));
    const early = await signedRequest(backend, device, keyId);
    const flood = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) await backend.issueChallenge(assertion);
    };
    await flood(2000);
    const before = memoryInUse();
    await flood(100_000);
    expect(memoryInUse() - before).toBeLessThan(2_000_000);
    await backend.authenticate(early);
    await backend.authenticate(await signedRequest(backend, device, keyId));
  });
});

it('a full store in memory makes no used challenge valid again, and accepts newer challenges', async () => {
  const clock = new TestClock();
  const backend = createBackend({ ...signedStores([secret], memoryStores({ maxChallenges: 3 })), now: clock.now });
  const spent: string[] = [];
  const unused = await backend.issueChallenge(assertion);
  for (let index = 0; index < 6; index += 1) {
    clock.forward(1);
    const { challenge } = await backend.issueChallenge(assertion);
    await backend.takeChallenge(challenge, assertion);
    spent.push(challenge);
  }
  for (const challenge of spent) await expectCode(() => backend.takeChallenge(challenge, assertion), 'challenge_used');
  await expectCode(() => backend.takeChallenge(unused.challenge, assertion), 'challenge_used');
});

it.each([
  null,
  {},
  { secrets: [secret] },
  { secrets: undefined, used: memoryStores().challenges },
  { secrets: [], used: memoryStores().challenges },
  { secrets: secret, used: memoryStores().challenges },
  { secrets: [secret.subarray(1)], used: memoryStores().challenges },
  { secrets: [secret, 'short'], used: memoryStores().challenges },
  { secrets: ['x'.repeat(31)], used: memoryStores().challenges },
  { secrets: [undefined], used: memoryStores().challenges },
  { secrets: Array.from({ length: 11 }, () => secret), used: memoryStores().challenges },
  { secrets: [secret], used: memoryStores() },
  { secrets: [secret], used: { put: async () => undefined, take: async () => undefined } },
  { secrets: [secret], used: memoryStores().challenges, ttl: 5 },
])('signedChallenges rejects %j', async (options) => {
  await expectCode(() => signedChallenges(options as never), 'invalid_argument');
});

it('a secret that the caller changes later does not change the challenges', async () => {
  const bytes = randomBytes(32);
  const stores = memoryStores();
  const [one, other] = [Uint8Array.from(bytes), Uint8Array.from(bytes)].map(
    (copy) => [copy, createBackend(signedStores([copy], stores))] as const,
  );
  const { challenge } = (await one?.[1].issueChallenge(assertion)) ?? { challenge: '' };
  other?.[0].fill(0);
  await other?.[1].takeChallenge(challenge, assertion);
});

it('the server rejects a challenge if spend of the store does not return true', async () => {
  const stores = memoryStores();
  const backend = createBackend(
    signedStores([secret], {
      ...stores,
      challenges: Object.assign(stores.challenges, { spend: vi.fn(async () => 1 as never) }),
    }),
  );
  const { challenge } = await backend.issueChallenge(assertion);
  await expectCode(() => backend.takeChallenge(challenge, assertion), 'challenge_used');
});
