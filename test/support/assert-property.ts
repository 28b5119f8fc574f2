import { env } from 'node:process';
import fc from 'fast-check';
import { SEEDS } from '../properties/seeds.js';

const { PROPERTY_SEED } = env;
/** The seed from `npm run fuzz`, which sets this environment variable. */
const seeds = PROPERTY_SEED === undefined ? SEEDS : [Number(PROPERTY_SEED)];

/** Checks a property with the seed in PROPERTY_SEED, or with each seed in `SEEDS` if the variable is not set. */
export async function assertProperty<Values>(
  property: fc.IRawProperty<Values>,
  { numRuns }: { numRuns: number },
): Promise<void> {
  for (const seed of seeds) await fc.assert(property, { seed, numRuns });
}
