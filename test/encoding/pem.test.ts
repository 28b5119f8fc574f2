import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DecodingError } from '../../src/encoding/decoding-error.js';
import { decodePem, encodePem, isPem } from '../../src/encoding/pem.js';

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const der = keys.publicKey.export({ format: 'der', type: 'spki' });
const pem = keys.publicKey.export({ format: 'pem', type: 'spki' }).toString();
const privatePem = keys.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();

describe('PEM', () => {
  it('is encoded as Node.js and Apple encode it', () => {
    expect(encodePem('PUBLIC KEY', der)).toBe(pem);
    const root = readFileSync('certs/Apple_Root_CA_G3.pem', 'utf8');
    expect(encodePem('CERTIFICATE', decodePem('CERTIFICATE', root) ?? der)).toBe(root);
    expect(encodePem('CERTIFICATE', new Uint8Array())).toBe('-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n');
  });

  it('is encoded in lines of 64 characters, and the last line may be shorter', () => {
    for (let length = 1; length < 200; length += 1) {
      const [begin, ...lines] = encodePem('CERTIFICATE', randomBytes(length)).split('\n');
      expect(begin).toBe('-----BEGIN CERTIFICATE-----');
      expect(lines.splice(-2)).toEqual(['-----END CERTIFICATE-----', '']);
      const last = lines.pop() ?? '';
      expect(lines.every((line) => line.length === 64)).toBe(true);
      expect(last).toMatch(/^.{1,64}$/);
    }
  });

  it('may have white space around it and in its base64', () => {
    for (const text of [pem, `\n ${pem}\n\n`, pem.trimEnd(), pem.replaceAll('\n', '\r\n'), pem.replace(/\n/g, ' ')]) {
      expect(decodePem('PUBLIC KEY', text)).toEqual(der);
      expect(isPem('PUBLIC KEY', text)).toBe(true);
    }
    expect(isPem('PRIVATE KEY', privatePem)).toBe(true);
  });

  it.each([
    ['another label', privatePem],
    ['different labels in its header and its footer', pem.replace('END PUBLIC', 'END PRIVATE')],
    ['no label', pem.replaceAll('PUBLIC KEY', '')],
    ['two blocks', pem + pem],
    ['text before its header', `text${pem}`],
    ['text after its footer', `${pem}text`],
    ['a Proc-Type line', pem.replace('\n', '\nProc-Type: 4,ENCRYPTED\n\n')],
    ['characters of base64url', pem.replace(/.{10}\n/, '-_'.repeat(5))],
    ['no contents', '-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----'],
    ['no dashes', pem.replaceAll('-----', '')],
    ['no text at all', ''],
  ])('is not decoded if it has %s', (_, text) => {
    expect(decodePem('PUBLIC KEY', text)).toBeUndefined();
    expect(isPem('PUBLIC KEY', text)).toBe(false);
  });

  it.each([
    ['padding in the middle', '-----BEGIN PUBLIC KEY-----\nA=A\n-----END PUBLIC KEY-----\n'],
    ['non-zero bits before its padding', pem.replace(/.==/, 'B==')],
  ])('is rejected if it has %s', (_, text) => {
    expect(() => decodePem('PUBLIC KEY', text)).toThrow(DecodingError);
  });
});
