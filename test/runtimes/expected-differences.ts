/** The runtimes that the list below compares. */
export const comparedRuntimes = ['Node 20', 'Node 22', 'Node 24', 'Node 26', 'Bun', 'Deno', 'workerd'];

/** A difference between the runtimes, and what this package does about the difference. */
export interface ExpectedDifference {
  /** The runtimes for which the statement is false. For all others it is true. */
  readonly except: readonly string[];
  /** What this package does about the difference. Empty if nothing needs to be done. */
  readonly soThisPackage: string;
}

/**
 * The differences, by a statement about a runtime. `differences.ts` checks each statement on the runtime. docs/runtimes.md
 * shows this list.
 */
export const expectedDifferences: Readonly<Record<string, ExpectedDifference>> = {
  'verifies ECDSA on P-384 with SHA-256': {
    except: [],
    soThisPackage: "can verify Apple's leaf certificates, which are signed this way, on every runtime",
  },
  'verifies ECDSA on P-521 with SHA-256': {
    except: ['Deno'],
    soThisPackage:
      'rejects, on Deno, certificates with such signatures under a test root, with `untrusted_certificate`; Apple has none',
  },
  'verifies ECDSA on P-521 with SHA-512': { except: [], soThisPackage: '' },
  'verifies with a `KeyObject` in an options object': {
    except: ['workerd'],
    soThisPackage: 'passes the `KeyObject` itself',
  },
  'supports the curve secp256k1': {
    except: ['Bun', 'workerd'],
    soThisPackage: 'rejects keys on this curve in both cases',
  },
  'accepts a key with trailing bytes': {
    except: ['Deno'],
    soThisPackage: 'checks for such bytes before it imports a key',
  },
  'throws `ERR_CRYPTO_INVALID_JWK` for a point that is not on the curve': {
    except: ['Deno', 'workerd'],
    soThisPackage: 'does not depend on the names of errors',
  },
  'throws `RangeError` for different lengths': { except: ['workerd'], soThisPackage: 'compares lengths first' },
  'decodes `Ł` as a base64 digit': { except: ['Deno'], soThisPackage: 'encodes the decoded bytes again and compares' },
  'compiles code from text': { except: ['workerd'], soThisPackage: 'uses the build of `cbor-x` that never does' },
};

/** Whether the statement should be true on the runtime. */
export function isExpected(statement: string, runtime: string): boolean {
  const difference = expectedDifferences[statement];
  if (difference === undefined) throw new Error(`expected-differences.ts does not list: ${statement}`);
  if (!comparedRuntimes.includes(runtime))
    throw new Error(`expected-differences.ts does not list the runtime ${runtime}`);
  return !difference.except.includes(runtime);
}
