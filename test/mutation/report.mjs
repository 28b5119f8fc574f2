import { readFileSync } from 'node:fs';

const DEAD = new Set(['Killed', 'Timeout']);
const ALIVE = new Set(['Survived', 'NoCoverage']);

/** Every mutant that a run of Stryker tested, with its file. */
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

/** The mutants that survive the quick run and the second run. */
export function survivors() {
  const alive = new Set(aliveIn('concurrency').map(identity));
  return aliveIn('quick').filter((mutant) => alive.has(identity(mutant)));
}
