import { env } from 'node:process';
import fc from 'fast-check';
import { SEEDS } from '../properties/seeds.js';

const { PROPERTY_SEED } = env;
/** `npm run fuzz` sets its own seed. */
const seeds = PROPERTY_SEED === undefined ? SEEDS : [Number(PROPERTY_SEED)];

/** Checks a property with each seed in the repository, or with the seed in the environment variable. */
export async function assertProperty<Values>(
  property: fc.IRawProperty<Values>,
  { numRuns }: { numRuns: number },
): Promise<void> {
  for (const seed of seeds) await fc.assert(property, { seed, numRuns });
}
