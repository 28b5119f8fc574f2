/** The runtimes that the list below compares. */
export const comparedRuntimes = ['Node 20', 'Node 22', 'Node 24', 'Node 26', 'Bun', 'Deno', 'workerd'];

/** A statement that is true on some runtimes, and what this package does because of the difference. */
export interface ExpectedDifference {
  /** The runtimes for which the statement is false. For all other runtimes, the statement is true. */
  readonly except: readonly string[];
  /** What this package does because of the difference. Empty if it does nothing. */
  readonly consequence: string;
}

/**
 * The statements about the runtimes. `differences.ts` checks each statement on the runtime. docs/runtimes.md shows this list.
 */
export const expectedDifferences: Readonly<Record<string, ExpectedDifference>> = {
  'the runtime verifies ECDSA on P-384 with SHA-256': {
    except: [],
    consequence: "Apple's credential certificates have such signatures. This package can verify them on every runtime.",
  },
  'the runtime verifies ECDSA on P-521 with SHA-256': {
    except: ['Deno'],
    consequence:
      'On Deno, this package rejects certificates with such signatures. The code is `untrusted_certificate`. Apple issues no such certificates.',
  },
  'the runtime verifies ECDSA on P-521 with SHA-512': { except: [], consequence: '' },
  '`verify` accepts a `KeyObject` in an options object': {
    except: ['workerd'],
    consequence: 'This package passes the `KeyObject` itself to `verify`.',
  },
  'the runtime supports the curve secp256k1': {
    except: ['Bun', 'workerd'],
    consequence: 'This package rejects keys on this curve on every runtime.',
  },
  '`createPublicKey` accepts a key with trailing bytes': {
    except: ['Deno'],
    consequence: 'This package itself checks for trailing bytes before it imports a key.',
  },
  '`createPublicKey` throws `ERR_CRYPTO_INVALID_JWK` for a point that is not on the curve': {
    except: ['Deno', 'workerd'],
    consequence: 'This package does not depend on the codes of such errors.',
  },
  '`timingSafeEqual` throws `RangeError` for different lengths': {
    except: ['workerd'],
    consequence: 'This package compares the lengths first.',
  },
  '`Buffer` decodes `Ł` as a base64 digit': {
    except: ['Deno'],
    consequence: 'This package encodes the decoded bytes again and compares the text.',
  },
  '`new Function` compiles code from text': {
    except: ['workerd'],
    consequence: 'This package uses the build of `cbor-x` that never compiles code from text.',
  },
};

/** Whether the statement should be true on the runtime. */
export function isExpected(statement: string, runtime: string): boolean {
  const difference = expectedDifferences[statement];
  if (difference === undefined) throw new Error(`expected-differences.ts does not list: ${statement}`);
  if (!comparedRuntimes.includes(runtime))
    throw new Error(`expected-differences.ts does not list the runtime ${runtime}`);
  return !difference.except.includes(runtime);
}
