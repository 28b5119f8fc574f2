import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  assertDigestMatches,
  contentDigestOf,
  DIGEST_OF_NOTHING,
  isContentDigest,
  readContentDigest,
} from '../../src/http/content-digest.js';

const sha256 = (content: Uint8Array): Uint8Array => createHash('sha256').update(content).digest();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const refused = (code: string) => expect.objectContaining({ name: 'AppAttestHttpError', code });

/** RFC 9530, appendix B.1 and B.2. The body of these examples ends in a line feed. */
const RFC_BODY = bytes('{"hello": "world"}\n');
const RFC_SHA256 = 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:';
const RFC_SHA512 = 'sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:';

describe('Content-Digest', () => {
  it('has the value that RFC 9530 gives for its example, and for an empty body the digest of zero bytes', () => {
    expect(contentDigestOf(RFC_BODY)).toBe(RFC_SHA256);
    expect(contentDigestOf(bytes(''))).toBe('sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:');
    expect(DIGEST_OF_NOTHING).toEqual(readContentDigest(contentDigestOf(bytes(''))));
  });

  it.each([
    RFC_SHA256,
    `${RFC_SHA512}, ${RFC_SHA256}`,
    `${RFC_SHA256},${RFC_SHA512}`,
    `${RFC_SHA256} \t,\t ${RFC_SHA512}`,
    `md5=::,*x.y-z_0=:AA==:,${RFC_SHA256}`,
  ])('is parsed by readContentDigest: %s', (value) => {
    const digest = readContentDigest(value);
    expect(digest).toEqual({ value, sha256: createHash('sha256').update(RFC_BODY).digest() });
    expect(() => assertDigestMatches(digest, sha256(RFC_BODY))).not.toThrow();
    expect(() => assertDigestMatches(digest, sha256(bytes('{"hello": "world"}')))).toThrow(refused('request_mismatch'));
    expect(() => assertDigestMatches(digest, sha256(bytes('')))).toThrow(refused('request_mismatch'));
  });

  it.each([
    ['a value that is empty', ''],
    ['an algorithm without a digest', 'sha-256'],
    ['a value with only a SHA-512 digest', RFC_SHA512],
    ['a value with two SHA-256 digests', `${RFC_SHA256}, ${RFC_SHA256}`],
    ['a value with two SHA-512 digests', `${RFC_SHA512}, ${RFC_SHA512}, ${RFC_SHA256}`],
    ['a trailing comma', `${RFC_SHA256},`],
    ['a leading comma', `,${RFC_SHA256}`],
    ['a semicolon between two digests', `${RFC_SHA512};${RFC_SHA256}`],
    ['a digest with a parameter', `${RFC_SHA256};q=1`],
    ['an algorithm name in capital letters', RFC_SHA256.replace('sha', 'SHA')],
    ['a digest in quotation marks', 'sha-256="RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="'],
    ['a digest without colons around it', 'sha-256=RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg='],
    ['a digest in base64url', RFC_SHA256.replaceAll('/', '_')],
    ['a digest in base64 without padding', RFC_SHA256.replace('Dg=:', 'Dg:')],
    ['a digest in base64 with non-zero padding bits', RFC_SHA256.replace('Dg=:', 'Dh=:')],
    ['a digest that contains white space', RFC_SHA256.replace('RK', 'R K')],
    ['white space around the equals sign', RFC_SHA256.replace('=:', ' = :')],
    ['a line feed at the end', `${RFC_SHA256}\n`],
    ['a digest of 31 bytes', `sha-256=:${Buffer.alloc(31).toString('base64')}:`],
    ['a digest of 33 bytes', `sha-256=:${Buffer.alloc(33).toString('base64')}:`],
    ['a digest in hex', `sha-256=:${Buffer.alloc(32).toString('hex')}:`],
    [
      'a SHA-256 digest followed by 99 other digests',
      `${RFC_SHA256}${Array.from({ length: 99 }, (_, index) => `,a${index}=:AAAA:`).join('')}`,
    ],
  ])('is rejected by readContentDigest because of %s', (_, value) => {
    expect(() => readContentDigest(value)).toThrow(refused('malformed_request'));
    expect(isContentDigest(value)).toBe(false);
  });
});

describe('docs/http.md', () => {
  const document = readFileSync(new URL('../../docs/http.md', import.meta.url), 'utf8');
  const vectors = [...document.matchAll(/^\| (?:`([^`]+)`|none) \| `([^`]+)` \| `([0-9a-f]{64})` \|$/gm)];

  it('contains correct digests and hashes in its table of test vectors', () => {
    expect(vectors.length).toBe(3);
    for (const [, body = '', signed = '', hash] of vectors) {
      const digest = contentDigestOf(bytes(body));
      expect(signed.split('↵')[2]).toBe(digest);
      const text = signed.replace('·', ' ').replaceAll('↵', '\n');
      expect(createHash('sha256').update(text).digest('hex')).toBe(hash);
    }
  });
});
