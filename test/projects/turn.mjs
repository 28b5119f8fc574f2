// Prints the test files of the projects whose turn it is: node test/projects/turn.mjs. The hour selects one of several groups, so
// that runs at different hours of a day test all projects.
import { readdirSync } from 'node:fs';

const GROUP = 3;
const tests = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'));
const groups = Math.ceil(tests.length / GROUP);
const turn = new Date().getUTCHours() % groups;
const due = tests.toSorted().filter((_, index) => index % groups === turn);
console.log(due.map((name) => `test/projects/${name}`).join(' '));
