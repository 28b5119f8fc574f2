/**
 * The files of Project Wycheproof for ECDSA with SHA-256 and DER signatures. They exist outside the project on some machines.
 */
export const VECTORS: readonly URL[] = ['secp256r1', 'secp384r1'].map((curve) => {
  return new URL(`../../../shared/vectors/wycheproof-ecdsa_${curve}_sha256_test.json`, import.meta.url);
});

/** Signatures under one key. */
export interface WycheproofGroup {
  readonly curve: string;
  readonly spki: Buffer;
  readonly pem: string;
  readonly tests: readonly WycheproofTest[];
}

export interface WycheproofTest {
  readonly tcId: number;
  readonly comment: string;
  /** A verifier must accept `'valid'` signatures and reject `'invalid'` signatures. For `'acceptable'`, it may do either. */
  readonly result: 'valid' | 'invalid' | 'acceptable';
  readonly message: Buffer;
  readonly signature: Buffer;
}

export function readVectors(json: string): { groups: readonly WycheproofGroup[]; numberOfTests: number } {
  const { numberOfTests, testGroups } = JSON.parse(json);
  const groups = testGroups.map(({ publicKey, publicKeyDer, publicKeyPem, tests }: ParsedGroup) => ({
    curve: publicKey.curve,
    spki: Buffer.from(publicKeyDer, 'hex'),
    pem: publicKeyPem,
    tests: tests.map(({ msg, sig, ...test }) => ({
      ...test,
      message: Buffer.from(msg, 'hex'),
      signature: Buffer.from(sig, 'hex'),
    })),
  }));
  return { groups, numberOfTests };
}

interface ParsedGroup {
  publicKey: { curve: string };
  publicKeyDer: string;
  publicKeyPem: string;
  tests: (Omit<WycheproofTest, 'message' | 'signature'> & { msg: string; sig: string })[];
}
