import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isBase64, mistakenEncoding } from '../../src/encoding/mistaken-encoding.js';
import { inspectReceipt, refreshReceipt, verifyAssertion, verifyAttestation, verifyReceipt } from '../../src/index.js';
import { createAuthority, NOW } from '../support/certificate-authority.js';
import { APP_ID, assert, attest } from '../support/evidence.js';
import { makeReceipt } from '../support/receipts.js';
import { fixtures, recordedReceipts } from '../support/recordings.js';
import { expectCode } from '../support/rejection.js';
import { chain } from '../support/verified-receipts.js';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const { privateKey: _, ...attested } = await attest(await createAuthority());
const assertion = assert(privateKey);
const receipt = await makeReceipt(chain);
const keyId = Buffer.from(attested.keyId, 'base64');

const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64');
/**
 * Base64 in which a form decoder has replaced each plus sign with a space. The bytes of `+++/` ensure that there are plus
 * signs.
 */
const withSpaces = (bytes: Uint8Array) =>
  base64(Buffer.concat([Buffer.from('+++/', 'base64'), bytes])).replace(/\+/g, ' ');

const mistakes: readonly [string, (bytes: Uint8Array) => string | Uint8Array, string][] = [
  ['empty text', () => '', 'the value is empty'],
  ['hex', (bytes) => Buffer.from(bytes).toString('hex'), 'the text is hex'],
  ['hex in capitals', (bytes) => Buffer.from(bytes).toString('hex').toUpperCase(), 'the text is hex'],
  ['base64 of base64', (bytes) => base64(base64(bytes)), 'the text was encoded as base64 twice'],
  [
    'base64 of base64url',
    (bytes) => base64(Buffer.from(bytes).toString('base64url')),
    'the text was encoded as base64 twice',
  ],
  ['base64 with spaces', withSpaces, 'the text contains spaces'],
  ['percent-encoded base64', (bytes) => withSpaces(bytes).replace(/ /g, '%2B'), 'the text is percent-encoded'],
];
const mistakesInBytes: typeof mistakes = [
  ...mistakes,
  ['empty bytes', () => new Uint8Array(), 'the value is empty'],
  ['the bytes of base64 text', (bytes) => Buffer.from(base64(bytes)), 'the bytes are base64 text'],
];

describe.each(mistakesInBytes)('if the evidence is %s, the error names the mistake', (_, encode, sentence) => {
  it('for an attestation', async () => {
    const options = { ...attested, attestation: encode(attested.attestation) };
    const { message } = await expectCode(() => verifyAttestation(options), 'malformed_attestation');
    expect(message).toContain(sentence);
  });

  it('for an assertion', async () => {
    const options = { assertion: encode(assertion), publicKey, payload: 'payload', appId: APP_ID, counter: 0 };
    const { message } = await expectCode(() => verifyAssertion(options), 'malformed_assertion');
    expect(message).toContain(sentence);
  });

  it('for a receipt', async () => {
    const options = { receipt: encode(receipt), appId: APP_ID, date: NOW, trustAnchors: [chain.root.der] };
    const { message } = await expectCode(() => verifyReceipt(options), 'malformed_receipt');
    expect(message).toContain(sentence);
    expect((await inspectReceipt(encode(receipt))).problems).toEqual([expect.stringContaining(sentence)]);
  });
});

it.each(mistakesInBytes.filter(([name]) => /empty|spaces|percent/.test(name)))(
  'if the receipt is %s, the error of refreshReceipt names the mistake',
  async (_, encode, sentence) => {
    const pem = String(privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const credentials = { teamId: 'TEAMID1234', keyId: 'KEYID12345', privateKey: pem };
    const options = { receipt: encode(receipt), environment: 'production', credentials } as const;
    const { message } = await expectCode(() => refreshReceipt(options), 'malformed_receipt');
    expect(message).toContain(sentence);
  },
);

describe('a key identifier', () => {
  it.each(mistakes)('that is %s causes an error that names the mistake', async (_, encode, sentence) => {
    const options = { ...attested, keyId: String(encode(keyId)) };
    const { message } = await expectCode(() => verifyAttestation(options), 'key_id_mismatch');
    expect(message).toContain(`the key identifier is not base64 of 32 bytes: ${sentence}`);
  });

  it('that is 128 characters of hex causes an error that names the mistake', async () => {
    const options = { ...attested, keyId: '00'.repeat(64) };
    const { message } = await expectCode(() => verifyAttestation(options), 'key_id_mismatch');
    expect(message).toContain(': the text is hex');
  });

  it.each(['key', 'abc', 'a'.repeat(129), '00'.repeat(65), '00'.repeat(100)])(
    'that is too long or has no known mistake causes an error that names no mistake: %s',
    async (keyId) => {
      const { message } = await expectCode(() => verifyAttestation({ ...attested, keyId }), 'key_id_mismatch');
      expect(message).toMatch(/^the key identifier is not base64 of 32 bytes \(/);
    },
  );
});

it.each(['a b', 'a\nb', '{"token":"a', 'a===', '='])('isBase64 returns false for the bytes of %j', (text) => {
  expect(isBase64(Buffer.from('abc='))).toBe(true);
  expect(isBase64(Buffer.from(text))).toBe(false);
});

it('mistakenEncoding finds no mistake in genuine evidence', () => {
  const attestations = fixtures.flatMap(({ attestation }) => attestation?.object ?? []);
  const assertions = fixtures.flatMap((recording) => recording.assertions.map(({ object }) => object));
  const receipts = recordedReceipts.map((recorded) => recorded.receipt.object);
  const keyIds = fixtures.flatMap((recording) => recording.keyId ?? []);
  const genuine = [...attestations, ...assertions, ...receipts, ...keyIds, base64(receipt), base64(assertion)];
  for (const text of genuine) expect(mistakenEncoding(text)).toBeUndefined();
});
