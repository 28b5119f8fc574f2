import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PageBuffer } from '../../src/inspector/node/node-buffer.js';
import {
  createHash as pageHash,
  createPublicKey as pageKey,
  verify as pageVerify,
} from '../../src/inspector/node/node-crypto.js';
import { isDate, isUint8Array } from '../../src/inspector/node/node-util-types.js';
import { assertProperty } from '../support/assert-property.js';

const ENCODINGS = ['utf8', 'hex', 'latin1', 'base64', 'base64url'] as const;

describe('the modules that replace Node.js modules in the inspector page', () => {
  it.each(ENCODINGS)('encode and decode %s like Buffer', async (encoding) => {
    const digits = fc.stringMatching(/^[A-Za-z0-9+/=_ -]{0,40}$/);
    // For hex and base64, the text is only ASCII. Runtimes decode other characters differently. The core rejects such text.
    const unit = encoding === 'hex' || encoding.startsWith('base64') ? 'binary-ascii' : 'grapheme';
    await assertProperty(
      fc.property(fc.oneof(fc.string({ unit }), digits), fc.uint8Array(), (text, bytes) => {
        expect([...PageBuffer.from(text, encoding)]).toEqual([...Buffer.from(text, encoding)]);
        expect(PageBuffer.from(bytes).toString(encoding)).toBe(Buffer.from(bytes).toString(encoding));
      }),
      { numRuns: 100 },
    );
  });

  it('join and search bytes like Buffer', async () => {
    await assertProperty(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 4 })),
        fc.uint8Array({ minLength: 1, maxLength: 2 }),
        (parts, part) => {
          const [page, node] = [PageBuffer.concat(parts), Buffer.concat(parts)];
          expect([...page]).toEqual([...node]);
          expect(page.includes(part)).toBe(node.indexOf(part) >= 0);
          expect(page.equals(node)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it.each(['sha1', 'sha256', 'sha384', 'sha512'])('compute %s like node:crypto', (name) => {
    const expected = createHash(name).update('text').digest('hex');
    expect(pageHash(name).update('text').digest('hex')).toBe(expected);
  });

  it.each([
    ['P-256', 'sha256'],
    ['P-384', 'sha256'],
    ['P-384', 'sha384'],
    ['P-521', 'sha512'],
  ])('verify signatures on %s with %s', (namedCurve, hash) => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
    const message = Buffer.from('message');
    const signature = sign(hash, message, privateKey);
    const key = publicKey.export({ format: 'der', type: 'spki' });
    expect(verify(hash, message, createPublicKey({ key, format: 'der', type: 'spki' }), signature)).toBe(true);
    expect(pageVerify(hash, message, pageKey({ key }), signature)).toBe(true);
    expect(pageVerify(hash, Buffer.from('other'), pageKey({ key }), signature)).toBe(false);
    expect(pageKey({ key }).export({ format: 'jwk' })).toMatchObject({ x: publicKey.export({ format: 'jwk' }).x });
  });

  it('import an RSA key, but verify no signature with it', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const key = publicKey.export({ format: 'der', type: 'spki' });
    expect(pageKey({ key }).asymmetricKeyType).toBe('rsa');
    expect(() => pageVerify('sha256', key, pageKey({ key }), key)).toThrow('does not support the curve');
  });

  it('reject a point that is not on its curve', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = publicKey.export({ format: 'der', type: 'spki' });
    expect(() => pageKey({ key: key.map((byte, index) => (index === key.length - 1 ? byte ^ 1 : byte)) })).toThrow();
  });

  it('reject a key in which a SEQUENCE has another tag', () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const key = publicKey.export({ format: 'der', type: 'spki' });
    for (const offset of [0, 2]) {
      expect(() => pageKey({ key: key.map((byte, index) => (index === offset ? 0x31 : byte)) })).toThrow('malformed');
    }
  });

  it('recognize bytes and dates', () => {
    expect([new Uint8Array(), Buffer.alloc(1), new Uint16Array(), 'text', null].map(isUint8Array)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect([new Date(), { getTime: () => 0 }, Object.create(Date.prototype)].map(isDate)).toEqual([true, false, false]);
  });
});
