import { DatabaseSync } from 'node:sqlite';
import { storeConformance } from '../../src/conformance/index.js';
import { migrate, sqliteStores } from '../../src/stores/sqlite/index.js';

/** The outcome of a case of the conformance suite. */
export interface CaseOutcome {
  name: string;
  /** Absent if the case passed. */
  error?: string;
}

// Runs the conformance suite on node:sqlite, and prints the outcomes as JSON. Each case opens two connections to the file.
const path = process.argv[2] ?? '';
const connections: DatabaseSync[] = [];
await migrate(new DatabaseSync(path));
const cases = storeConformance(() => {
  const connection = new DatabaseSync(path);
  connections.push(connection);
  return sqliteStores(connection, { timeout: 30 });
});

const outcomes: CaseOutcome[] = [];
for (const { name, run } of cases) {
  const error = await run().then(() => undefined, String);
  outcomes.push({ name, ...(error !== undefined && { error }) });
  for (const connection of connections.splice(0)) connection.close();
}
console.log(JSON.stringify(outcomes));
