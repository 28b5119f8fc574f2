import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeBase64, encodeBase64, maxBase64Length } from '../../src/encoding/base64.js';

describe('base64', () => {
  it('is decoded from both alphabets, with and without padding', () => {
    for (let length = 0; length < 70; length += 1) {
      const bytes = new Uint8Array(randomBytes(length));
      const base64 = Buffer.from(bytes).toString('base64');
      const base64url = Buffer.from(bytes).toString('base64url');
      const padding = '='.repeat((4 - (base64url.length % 4)) % 4);
      for (const text of [base64, base64.replace(/=+$/, ''), base64url, base64url + padding]) {
        expect(new Uint8Array(decodeBase64(text))).toEqual(bytes);
      }
      expect(encodeBase64(bytes)).toBe(base64);
      expect(base64.length).toBe(maxBase64Length(length));
    }
  });

  it('is encoded from the bytes of a slice, not from the whole buffer', () => {
    const bytes = Uint8Array.from([1, 2, 3, 4]).subarray(1, 3);
    expect(encodeBase64(bytes)).toBe(Buffer.from([2, 3]).toString('base64'));
  });

  const wrong = [
    'A',
    'A===',
    'AA=',
    'AAA==',
    'AA======',
    '=',
    '====',
    'AB',
    'AB==',
    'AAB=',
    'AA AA',
    'AAAA\n',
    ' AAAA',
  ];
  const alphabets = ['+/-_', 'AA+_', 'AA-/', 'AA!A', 'ÄAAA', 'AAA\u0000', 'AA==AA==', 'AAAA=AAA'];
  it.each([...wrong, ...alphabets])('is rejected if the text is %j', (text) => {
    expect(() => decodeBase64(text)).toThrow('not valid base64');
  });
});
