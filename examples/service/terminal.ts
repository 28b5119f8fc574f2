import { type Entry, PLACE_NAMES, shortened } from './step.js';

/** The width of the longest route, `Attacker → Service`. */
const ROUTE_WIDTH = 18;

/** Prints an entry: the title of a scene, an indented line for each step, and the response. */
export function printEntry(entry: Entry): void {
  if (entry.kind === 'start') {
    console.log(`\n${entry.title}`);
  } else if (entry.kind === 'end') {
    const { isExpected, title, status, body, why } = entry;
    console.log(`${isExpected ? '✓' : '✗'} ${title}: ${status} ${shortened(JSON.stringify(body))}\n    ${why}`);
  } else {
    const { from, to, what, facts, outcome } = entry;
    const route = from === to ? PLACE_NAMES[from] : `${PLACE_NAMES[from]} → ${PLACE_NAMES[to]}`;
    const mark = outcome ? `${outcome}: ` : '';
    const listed = Object.entries(facts).map(([name, value]) => `${name}: ${value}`);
    console.log(`    ${route.padEnd(ROUTE_WIDTH)}  ${[mark + what, ...listed].join(' · ')}`);
  }
}
