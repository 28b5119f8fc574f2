// Prints the test files of the projects whose turn it is: node test/projects/turn.mjs [HOUR …]. The hour (UTC, by default the
// current one) selects one of several groups, so that runs at different hours of a day test all projects. Prints a line for each hour.
import { readdirSync } from 'node:fs';

const GROUP = 3;
const tests = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'));
const groups = Math.ceil(tests.length / GROUP);
const [, , ...hours] = process.argv;
for (const hour of hours.length > 0 ? hours.map(Number) : [new Date().getUTCHours()]) {
  const due = tests.toSorted().filter((_, index) => index % groups === hour % groups);
  console.log(due.map((name) => `test/projects/${name}`).join(' '));
}
