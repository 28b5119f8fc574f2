import { webcrypto } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeCertificate } from '../../src/certificates/certificate.js';
import { verifyCertificateChain } from '../../src/certificates/certificate-chain.js';
import { equalBytes } from '../../src/encoding/bytes.js';
import { readDer } from '../../src/encoding/der.js';
import * as ecdsa from '../../src/keys/ecdsa.js';
import { der } from '../../src/testing/encoding/der.js';
import {
  type CertificateAuthority,
  createAuthority,
  decodedChain,
  generateKeys,
  INTERMEDIATE_PROFILE,
  type IssuedCertificate,
  issueCertificate,
  LEAF_PROFILE,
  NOW,
} from '../support/certificate-authority.js';

// The mock counts calls, and calls the real function.
vi.mock('../../src/keys/ecdsa.js', async (importOriginal) => {
  const { verifyEcdsa, verifyEcdsaInPool } = await importOriginal<typeof import('../../src/keys/ecdsa.js')>();
  return { verifyEcdsa, verifyEcdsaInPool: vi.fn(verifyEcdsaInPool) };
});
const inPool = vi.mocked(ecdsa.verifyEcdsaInPool);

beforeEach(() => {
  inPool.mockClear();
});

/** The order of P-384 (NIST SP 800-186 and SEC 2 §2.5.1). */
const ORDER = BigInt(
  '0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
);

const toBigInt = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

function integer(value: bigint, leadingZeros = 0): Uint8Array {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const sign = (bytes[0] ?? 0) >= 0x80 ? 1 : 0;
  return der(0x02, new Uint8Array(sign + leadingZeros), bytes);
}

/** The three parts of a certificate, in DER. */
function partsOf(certificate: Uint8Array): [tbs: Uint8Array, algorithm: Uint8Array, signature: Uint8Array] {
  const [tbs, algorithm, signature] = readDer(certificate).children.map(({ start, end }) => {
    return certificate.subarray(start, end);
  });
  if (!tbs || !algorithm || !signature) throw new Error('the certificate does not have three parts');
  return [tbs, algorithm, signature];
}

/** The numbers r and s of the certificate's signature. */
function numbersOf(certificate: Uint8Array): [r: bigint, s: bigint] {
  const { signature } = decodeCertificate(certificate);
  const [r, s] = readDer(signature).children.map(({ contents, end }) => toBigInt(signature.subarray(contents, end)));
  if (r === undefined || s === undefined) throw new Error('the signature does not have two numbers');
  return [r, s];
}

/** A copy of the certificate with another signature. Anyone can create such a copy. */
function withSignature(certificate: Uint8Array, ...numbers: readonly Uint8Array[]): Uint8Array {
  const [tbs, algorithm] = partsOf(certificate);
  return der(0x30, tbs, algorithm, der(0x03, Uint8Array.of(0), der(0x30, ...numbers)));
}

/** A copy of the certificate with the other valid signature: (r, n - s) instead of (r, s). */
function mirrored(certificate: Uint8Array): Uint8Array {
  const [r, s] = numbersOf(certificate);
  return withSignature(certificate, integer(r), integer(ORDER - s));
}

/**
 * A copy of the certificate, signed again by its issuer. In most runtimes, ECDSA signatures are random, so the new signature
 * differs.
 */
async function signedAgain(certificate: Uint8Array, { keys }: IssuedCertificate): Promise<Uint8Array> {
  const ecdsaWithSha384 = { name: 'ECDSA', hash: 'SHA-384' };
  const [tbs] = partsOf(certificate);
  const signature = new Uint8Array(await webcrypto.subtle.sign(ecdsaWithSha384, keys.privateKey, new Uint8Array(tbs)));
  return withSignature(
    certificate,
    ...[signature.subarray(0, 48), signature.subarray(48)].map(toBigInt).map((n) => integer(n)),
  );
}

async function authorityWithLeaf(): Promise<CertificateAuthority & { leaf: IssuedCertificate }> {
  const authority = await createAuthority({}, { pathLength: undefined });
  const leaf = await issueCertificate(LEAF_PROFILE, await generateKeys('P-256'), authority.intermediate.keys);
  return { ...authority, leaf };
}

async function otherIntermediate({ root }: CertificateAuthority, number: number): Promise<Uint8Array> {
  const subject = `CN=Apple CA ${number}`;
  return (await issueCertificate({ ...INTERMEDIATE_PROFILE, subject }, await generateKeys('P-384'), root.keys)).der;
}

/**
 * Verifies a chain. Returns whether the chain is trusted, and how many signatures were verified, including the signature of the
 * leaf.
 */
async function verify(chain: readonly [Uint8Array, ...Uint8Array[]], root: IssuedCertificate) {
  inPool.mockClear();
  const verification = async () => verifyCertificateChain(decodedChain(chain), [decodeCertificate(root.der)], NOW);
  const isTrusted = await verification().then(
    () => true,
    () => false,
  );
  return { isTrusted, signatures: inPool.mock.calls.length };
}

const FROM_MEMORY = { isTrusted: true, signatures: 1 };

describe('the cache of CA certificates', () => {
  it('keeps a genuine certificate while a thousand chains contain copies with (r, n - s) instead of (r, s)', async () => {
    const { root, intermediate, leaf } = await authorityWithLeaf();
    const genuine = [leaf.der, intermediate.der] as const;
    expect(await verify(genuine, root)).toEqual({ isTrusted: true, signatures: 2 });

    const intermediates = [intermediate.der, mirrored(intermediate.der)];
    const roots = [root.der, mirrored(root.der)];
    let signatures = 0;
    for (let variant = 0; variant < 1024; variant += 1) {
      const copies = Array.from({ length: 10 }, (_, place) => (variant >> place) & 1);
      const above = copies.map((copy, place) => (place === 0 ? intermediates : roots)[copy] ?? root.der);
      const result = await verify([leaf.der, ...above], root);
      expect(result.isTrusted).toBe(true);
      signatures += result.signatures;
    }
    // The signature of the leaf is verified for each chain. The signatures of the copied intermediate, of the root and of the
    // copied root are verified once for all chains.
    expect(signatures).toBe(1024 + 3);
    expect(await verify(genuine, root)).toEqual(FROM_MEMORY);
  });

  it('caches a genuine certificate even if a copy with (r, n - s) was cached first', async () => {
    const { root, intermediate, leaf } = await authorityWithLeaf();
    const copy = mirrored(intermediate.der);
    expect(await verify([leaf.der, copy], root)).toEqual({ isTrusted: true, signatures: 2 });
    expect(await verify([leaf.der, intermediate.der], root)).toEqual({ isTrusted: true, signatures: 2 });
    for (const certificate of [copy, intermediate.der]) {
      expect(await verify([leaf.der, certificate], root)).toEqual(FROM_MEMORY);
    }
  });

  it('caches the last two signatures of a certificate', async () => {
    const { root, intermediate, leaf } = await authorityWithLeaf();
    const again = await signedAgain(intermediate.der, root);
    // Deno signs deterministically (RFC 6979), so a third signature does not exist there.
    const third = equalBytes(again, intermediate.der) ? [] : [again];
    const copies = [intermediate.der, mirrored(intermediate.der), ...third];
    for (const copy of copies) expect(await verify([leaf.der, copy], root)).toEqual({ isTrusted: true, signatures: 2 });
    for (const copy of copies.slice(-2)) expect(await verify([leaf.der, copy], root)).toEqual(FROM_MEMORY);
    const first = await verify([leaf.der, intermediate.der], root);
    expect(first).toEqual(third.length === 0 ? FROM_MEMORY : { isTrusted: true, signatures: 2 });
  });

  it('caches no copy with an invalid signature or an invalid encoding', async () => {
    const { root, intermediate, leaf } = await authorityWithLeaf();
    const [r, s] = numbersOf(intermediate.der);
    const [tbs, algorithm, signature] = partsOf(intermediate.der);
    const bits = signature.subarray(3);
    const copies = {
      '(r, s + n)': withSignature(intermediate.der, integer(r), integer(s + ORDER)),
      '(r + n, s)': withSignature(intermediate.der, integer(r + ORDER), integer(s)),
      '(n - r, s)': withSignature(intermediate.der, integer(ORDER - r), integer(s)),
      'a zero before r': withSignature(intermediate.der, integer(r, 1), integer(s)),
      'a zero before s': withSignature(intermediate.der, integer(r), integer(s, 1)),
      'a third number': withSignature(intermediate.der, integer(r), integer(s), integer(0n)),
      'a byte after the signature': der(0x30, tbs, algorithm, der(0x03, bits, Uint8Array.of(0))),
      'an unused bit': der(0x30, tbs, algorithm, der(0x03, Uint8Array.of(1), bits.subarray(1))),
      'algorithm parameters': der(0x30, tbs, der(0x30, algorithm.subarray(2), der(0x05)), signature),
      'a byte after the certificate': Buffer.concat([intermediate.der, Uint8Array.of(0)]),
    };
    expect(await verify([leaf.der, intermediate.der], root)).toEqual({ isTrusted: true, signatures: 2 });
    for (const [name, copy] of Object.entries(copies)) {
      expect((await verify([leaf.der, copy], root)).isTrusted, name).toBe(false);
      expect((await verify([leaf.der, copy], root)).isTrusted, `${name}, again`).toBe(false);
    }
    expect(await verify([leaf.der, intermediate.der], root)).toEqual(FROM_MEMORY);
  });

  it('keeps a certificate that is in use when 100 other certificates arrive', async () => {
    const authority = await authorityWithLeaf();
    const { root, intermediate, leaf } = authority;
    await verify([leaf.der, intermediate.der], root);
    for (let number = 0; number < 100; number += 1) {
      await verify([leaf.der, await otherIntermediate(authority, number)], root);
      expect(await verify([leaf.der, intermediate.der], root)).toEqual(FROM_MEMORY);
    }
  });

  it('shares the pending verifications of at most 64 certificates between chains', async () => {
    const { root, intermediate, leaf } = await authorityWithLeaf();
    const anchors = [decodeCertificate(root.der)];
    // Each copy has a different invalid signature.
    const forged = Array.from({ length: 1000 }, (_, number) => {
      return withSignature(intermediate.der, integer(BigInt(number + 1)), integer(1n));
    });
    const chains = [...forged, ...forged, intermediate.der, intermediate.der];
    const results = await Promise.allSettled(
      chains.map((certificate) => verifyCertificateChain(decodedChain([leaf.der, certificate]), anchors, NOW)),
    );
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBe(2);
    expect(results.slice(-2).every(({ status }) => status === 'fulfilled')).toBe(true);
    const shared = 64;
    const alone = chains.length - 2 * shared;
    const leaves = 2;
    expect(inPool.mock.calls.length).toBe(shared + alone + leaves);
  });
});
