// Records which projects passed: node test/projects/record.mjs REPORT. REPORT is the JSON report of vitest. Writes the date and the
// versions of Node.js, app-attest and the packages of the project to examples/projects/last-tested.json.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

const { version } = readJson(join(repository, 'package.json'));
const record = join(repository, 'examples/projects/last-tested.json');
const tested = readJson(record);
const { testResults } = readJson(process.argv[2] ?? '');
for (const { name: path, status } of testResults) {
  const name = basename(path, '.test.ts');
  if (status !== 'passed') continue;
  const { packages } = readJson(join(repository, 'examples/projects', name, 'package-lock.json'));
  const { dependencies, devDependencies } = packages[''];
  const names = Object.keys({ ...dependencies, ...devDependencies }).filter((dependency) => {
    return dependency !== 'app-attest' && !dependency.startsWith('@types/');
  });
  tested[name] = {
    date: new Date().toISOString().slice(0, 10),
    versions: {
      node: process.versions.node,
      'app-attest': version,
      ...Object.fromEntries(names.map((dependency) => [dependency, packages[`node_modules/${dependency}`].version])),
    },
  };
}
const sorted = Object.fromEntries(Object.entries(tested).toSorted(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(record, `${JSON.stringify(sorted, undefined, 2)}\n`);
