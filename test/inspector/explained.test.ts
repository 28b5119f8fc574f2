import { describe, expect, it } from 'vitest';
import { explainForm } from '../../src/inspector/explained.js';
import { EMPTY_FORM } from '../../src/inspector/form-values.js';
import { attestationFixture, fixtures } from '../support/recordings.js';

const apple = attestationFixture('apple-guide-2026');
const { object, validAt } = apple.attestation;
const hex = Buffer.from(object, 'base64').toString('hex');
const assertion = fixtures.flatMap(({ assertions }) => assertions)[0]?.object ?? '';

/** Returns the verdict and the first cause for pasted evidence. */
async function explain(evidence: string) {
  const form = { appId: apple.appId, keyId: apple.keyId, date: validAt, clientData: 'example_server_challenge' };
  const explained = await explainForm({ ...EMPTY_FORM, ...form, clientDataForm: 'raw', evidence });
  if (!explained || 'problem' in explained) return explained;
  const { verdict, causes } = explained.explanation;
  return { verdict, cause: causes[0]?.summary };
}

const capsuleOf = (evidence: string) => {
  return JSON.stringify({ version: 1, kind: 'attestation', code: 'malformed_attestation', evidence });
};

describe('the inspector page', () => {
  it.each([
    ['base64 with a line feed at its end', `${object}\n`],
    ['base64 in lines', object.replace(/.{76}/g, '$&\n')],
    ['base64 in quotes', JSON.stringify(object)],
    ['hex', hex],
    ['JSON of the app with a line feed at its end', `${JSON.stringify({ token: object }, null, 2)}\n`],
  ])('accepts pasted %s', async (_, evidence) => {
    expect(await explain(evidence)).toEqual({ verdict: 'accepted', cause: undefined });
  });

  it.each([
    ['hex', hex, /is hex/],
    ['base64 in quotes', JSON.stringify(object), /is in quotes/],
    ['base64 with a line feed at its end', `${object}\n`, /white space/],
    ['an assertion', assertion, /is an assertion, but an attestation is expected/],
  ])('explains the evidence in a capsule as the server received it: %s', async (_, evidence, cause) => {
    expect(await explain(capsuleOf(evidence))).toEqual({ verdict: 'refused', cause: expect.stringMatching(cause) });
  });
});
