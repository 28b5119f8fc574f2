import { createPublicKey, generateKeyPairSync, sign, timingSafeEqual, verify } from 'node:crypto';

/**
 * Differences between the runtimes that matter to this package. Each function runs on the runtime and returns whether the
 * statement is true there. The expected results are in `expected-differences.ts`.
 */
export const differences: Readonly<Record<string, () => boolean>> = {
  'the runtime verifies ECDSA on P-384 with SHA-256': () => verifies('P-384', 'sha256'),
  'the runtime verifies ECDSA on P-521 with SHA-256': () => verifies('P-521', 'sha256'),
  'the runtime verifies ECDSA on P-521 with SHA-512': () => verifies('P-521', 'sha512'),
  '`verify` accepts a `KeyObject` in an options object': () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signature = sign('sha256', MESSAGE, privateKey);
    return succeeds(() => verify('sha256', MESSAGE, { key: publicKey, dsaEncoding: 'der' }, signature));
  },
  'the runtime supports the curve secp256k1': () => {
    return succeeds(() => generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.type === 'public');
  },
  '`createPublicKey` accepts a key with trailing bytes': () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = Buffer.concat([publicKey.export({ format: 'der', type: 'spki' }), Uint8Array.of(0)]);
    return succeeds(() => createPublicKey({ key, format: 'der', type: 'spki' }).type === 'public');
  },
  '`createPublicKey` throws `ERR_CRYPTO_INVALID_JWK` for a point that is not on the curve': () => {
    const coordinate = Buffer.alloc(32, 1).toString('base64url');
    const key = { kty: 'EC', crv: 'P-256', x: coordinate, y: coordinate };
    const error = errorOf(() => createPublicKey({ key, format: 'jwk' }));
    return error instanceof Error && 'code' in error && error.code === 'ERR_CRYPTO_INVALID_JWK';
  },
  '`timingSafeEqual` throws `RangeError` for different lengths': () => {
    return errorOf(() => timingSafeEqual(new Uint8Array(1), new Uint8Array(2))) instanceof RangeError;
  },
  '`Buffer` decodes `Ł` as a base64 digit': () => Buffer.from('YQŁB', 'base64').length === 3,
  '`new Function` compiles code from text': () => succeeds(() => new Function('return true')() === true),
};

const MESSAGE = new TextEncoder().encode('message');

function verifies(namedCurve: string, hash: string): boolean {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve });
  return succeeds(() => verify(hash, MESSAGE, publicKey, sign(hash, MESSAGE, privateKey)));
}

function succeeds(attempt: () => boolean): boolean {
  try {
    return attempt();
  } catch {
    return false;
  }
}

function errorOf(attempt: () => unknown): unknown {
  try {
    attempt();
  } catch (error) {
    return error;
  }
  throw new Error('the attempt threw no error');
}
