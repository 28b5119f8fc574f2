import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AppAttestError } from '../../src/index.js';
import { assertProperty } from '../support/assert-property.js';
import { acceptedRequest, newSessionKey, sessionsWith } from '../support/session-keys.js';

const sessions = sessionsWith({ keys: [newSessionKey('ES256', { kid: 'a' }), newSessionKey('EdDSA', { kid: 'b' })] });
const { token: genuine } = await sessions.issue(acceptedRequest('alice', 4));

/** Returns the code, or `'accepted'`. Any other error fails the test. */
async function outcomeOf(token: string): Promise<string> {
  try {
    await sessions.verify(token);
    return 'accepted';
  } catch (error) {
    if (error instanceof AppAttestError) return error.code;
    throw error;
  }
}

const bytes = (part: string | undefined): string => Buffer.from(part ?? '', 'base64url').toString('hex');
const decoded = (token: string): string[] => token.split('.').map(bytes);

it('a token with one changed character is rejected, unless it stands for the same bytes', async () => {
  const position = fc.integer({ min: 0, max: genuine.length - 1 });
  const character = fc.oneof(fc.constantFrom(...'AZaz09-_.=+/ \n'), fc.string({ minLength: 0, maxLength: 2 }));
  const changed = fc.asyncProperty(position, character, async (at, replacement) => {
    const token = genuine.slice(0, at) + replacement + genuine.slice(at + 1);
    const isSame = JSON.stringify(decoded(token)) === JSON.stringify(decoded(genuine));
    const outcome = await outcomeOf(token);
    if (!isSame) expect(outcome, token).toBe('session_unknown');
    else expect(['accepted', 'session_unknown']).toContain(outcome);
  });
  await assertProperty(changed, { numRuns: 400 });
});

it('any text is rejected with a code', async () => {
  const part = fc.oneof(
    fc.string(),
    fc.json().map((json) => Buffer.from(json).toString('base64url')),
    fc
      .record(
        {
          alg: fc.oneof(fc.constantFrom('ES256', 'EdDSA', 'none', 'HS256'), fc.anything()),
          typ: fc.oneof(fc.constantFrom('app-attest-session+jwt', 'JWT'), fc.anything()),
          kid: fc.oneof(fc.constantFrom('a', 'b'), fc.anything()),
          crit: fc.anything(),
          b64: fc.boolean(),
          jwk: fc.anything(),
        },
        { requiredKeys: [] },
      )
      .map((header) => Buffer.from(JSON.stringify(header) ?? '').toString('base64url')),
    fc.constantFrom(...genuine.split('.')),
  );
  const tokens = fc.oneof(
    fc.string(),
    fc.array(part, { minLength: 2, maxLength: 5 }).map((parts) => parts.join('.')),
  );
  const rejected = fc.asyncProperty(tokens, async (token) => {
    if (token !== genuine) expect(await outcomeOf(token), token).toBe('session_unknown');
  });
  await assertProperty(rejected, { numRuns: 600 });
});

it('every user and category that issue accepts comes back unchanged', async () => {
  const user = fc.oneof(
    fc.string({ minLength: 1, maxLength: 50 }),
    fc.string({ minLength: 1, maxLength: 50, unit: fc.constantFrom(...'\u0001\n"\\é中\u2028😀') }),
    fc.constantFrom('__proto__', 'null', '"', '\u2028'),
  );
  const same = fc.asyncProperty(user, fc.integer({ min: 0, max: 2 ** 32 - 1 }), async (subject, category) => {
    const { token } = await sessions.issue(acceptedRequest(subject, category));
    expect(await sessions.verify(token)).toMatchObject({ subject, validationCategory: category });
  });
  await assertProperty(same, { numRuns: 100 });
});
