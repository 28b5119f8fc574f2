import { createAppAttest } from 'app-attest/server';
import { type D1Like, sqliteStores } from 'app-attest/sqlite';

/** Creates the server layer in a Worker. `DB` is the name of the binding. */
export function appAttestOf({ DB }: { DB: D1Like }) {
  return createAppAttest({ appId: 'TEAMID1234.com.example.app', ...sqliteStores(DB) });
}
