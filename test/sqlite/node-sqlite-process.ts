import { openNodeSqlite } from '../../examples/node-sqlite.js';
import { storeConformance } from '../../src/conformance/index.js';

/** The outcome of a case of the conformance suite. */
export interface CaseOutcome {
  name: string;
  /** Absent if the case passed. */
  error?: string;
}

// Runs the conformance suite on node:sqlite, and prints the outcomes as JSON. Each case opens two connections to the file.
const path = process.argv[2] ?? '';
const opened: { close(): void }[] = [];
const cases = storeConformance(async () => {
  const { database, stores } = await openNodeSqlite(path, 30);
  opened.push(database);
  return stores;
});

const outcomes: CaseOutcome[] = [];
for (const { name, run } of cases) {
  const error = await run().then(() => undefined, String);
  outcomes.push({ name, ...(error !== undefined && { error }) });
  for (const database of opened.splice(0)) database.close();
}
console.log(JSON.stringify(outcomes));
