import { describe, expect, it } from 'vitest';
import { shortHex, shortText, shortValue } from '../src/errors.js';
import { AppAttestError } from '../src/index.js';

describe('AppAttestError', () => {
  it('is an Error with a code, a name and a message', () => {
    const error = new AppAttestError('nonce_mismatch', 'the nonce differs', { expected: '00', actual: '01' });
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'AppAttestError', code: 'nonce_mismatch', expected: '00', actual: '01' });
    expect(error.message).toBe('the nonce differs (expected 00, got 01)');
    expect('cause' in error).toBe(false);
  });

  it('has a message without a comparison if only one of expected and actual is given', () => {
    expect(new AppAttestError('nonce_mismatch', 'no nonce', { expected: '00' }).message).toBe('no nonce');
    expect(new AppAttestError('nonce_mismatch', 'no nonce', { actual: '01' }).message).toBe('no nonce');
    expect(new AppAttestError('nonce_mismatch', 'no nonce').message).toBe('no nonce');
  });

  it('keeps its cause', () => {
    const cause = new Error('below');
    expect(new AppAttestError('invalid_argument', 'above', { cause }).cause).toBe(cause);
  });
});

describe('values in a message', () => {
  it('are shown as short hex if they are bytes', () => {
    expect(shortHex(Uint8Array.of(1, 2))).toBe('0102');
    expect(shortHex(new Uint8Array(8))).toBe('0000000000000000');
    expect(shortHex(new Uint8Array(9))).toBe('0000000000000000…');
  });

  it('are escaped so that they stay on one line', () => {
    expect(shortText('1.0')).toBe('"1.0"');
    expect(shortText('a\n\u001b[2J\u2028\u0085\u202e"')).toBe('"a\\n\\u001b[2J\\u2028\\u0085\\u202e\\""');
    expect(shortText('\u200f\u061c\ufeff\u00ad\u{e0041}')).toBe('"\\u200f\\u061c\\ufeff\\u00ad\\udb40\\udc41"');
    expect(shortText('x'.repeat(80))).toBe(`"${'x'.repeat(80)}"`);
    expect(shortText('x'.repeat(100))).toBe(`"${'x'.repeat(80)}…"`);
  });

  it.each([
    ['text', 'a\n', '"a\\n"'],
    ['a number', 1.5, '1.5'],
    ['NaN', Number.NaN, 'NaN'],
    ['a boolean', false, 'false'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['an array', ['secret'], 'array'],
    ['an object', { secret: 1 }, 'object'],
    ['a function', () => 'secret', 'function'],
    ['a bigint', 1n, 'bigint'],
    ['a symbol', Symbol('secret'), 'symbol'],
  ])(
    'are replaced with their type unless they are text, numbers, booleans, null or undefined: %s',
    (_, value, shown) => {
      expect(shortValue(value)).toBe(shown);
    },
  );
});
