import { readFileSync } from 'node:fs';

const DEAD = new Set(['Killed', 'Timeout']);
const ALIVE = new Set(['Survived', 'NoCoverage']);

/** Returns every mutant that a run of Stryker tested, with the path and the source of its file. */
function mutantsOf(run) {
  const { files } = JSON.parse(readFileSync(new URL(`report/${run}.json`, import.meta.url), 'utf8'));
  return Object.entries(files)
    .flatMap(([file, { source, mutants }]) => mutants.map((mutant) => ({ file, source, ...mutant })))
    .filter(({ status }) => DEAD.has(status) || ALIVE.has(status));
}

export const countIn = (run) => mutantsOf(run).length;

export const aliveIn = (run) => mutantsOf(run).filter(({ status }) => ALIVE.has(status));

const identity = ({ file, location, mutatorName, replacement }) =>
  JSON.stringify([file, location, mutatorName, replacement]);

/** Returns the mutants that survive the run `quick` and the run `concurrency`. */
export function survivors() {
  const alive = new Set(aliveIn('concurrency').map(identity));
  return aliveIn('quick').filter((mutant) => alive.has(identity(mutant)));
}
