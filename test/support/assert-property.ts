import { env } from 'node:process';
import fc from 'fast-check';
import { SEEDS } from '../properties/seeds.js';

const { PROPERTY_SEED } = env;
/** `npm run fuzz` gives one of its own. */
const seeds = PROPERTY_SEED === undefined ? SEEDS : [Number(PROPERTY_SEED)];

/** Holds a property on each seed that stands in the repository, or on the one that the environment names. */
export async function assertProperty<Values>(
  property: fc.IRawProperty<Values>,
  { numRuns }: { numRuns: number },
): Promise<void> {
  for (const seed of seeds) await fc.assert(property, { seed, numRuns });
}
