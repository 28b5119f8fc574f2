import { readFileSync } from 'node:fs';
import { createAppAttest } from 'app-attest/server';

const { VIRTUAL_ROOT } = process.env; // the name of a file. Set this variable only for tests.

export const appAttest = createAppAttest({
  appId: 'TEAMID1234.com.example.app',
  // With undefined, the server trusts only Apple's root, as without the option.
  trustAnchors: VIRTUAL_ROOT === undefined ? undefined : [readFileSync(VIRTUAL_ROOT, 'utf8')],
});
