import { expressHandlers, type Mode } from 'app-attest/express';
import { createAppAttest } from 'app-attest/server';
import express from 'express';

/** The state of the rollout. */
export const rollout = {
  /** The first build of the app for which App Attest can be enforced. */
  firstBuild: 1200,
  /** The percentage of the keys of these builds for which App Attest is enforced. */
  percentage: 0,
  /** Whether App Attest is enforced for all requests, even without a build or a key. Set it to true in the last step. */
  everything: false,
};

/** Reads the state now, and then every ten seconds, for example from a database. If a later read fails, the state remains. */
export async function followRollout(read: () => Promise<typeof rollout>, milliseconds = 10_000): Promise<void> {
  const update = async () => {
    const { firstBuild, percentage, everything } = await read();
    const isValid = firstBuild >= 0 && percentage >= 0 && percentage <= 100 && typeof everything === 'boolean';
    if (!isValid) throw new Error('the state of the rollout is malformed');
    Object.assign(rollout, { firstBuild, percentage, everything });
  };
  await update();
  const warn = (error: unknown) => console.warn('the state of the rollout was not read', error);
  setInterval(() => update().catch(warn), milliseconds).unref();
}

function modeOf(build: number, keyId: string | undefined): Mode {
  if (rollout.everything) return 'enforce';
  if (build < rollout.firstBuild || keyId === undefined) return 'report';
  // Key identifiers are SHA-256 digests, so their first bytes are evenly distributed.
  const position = Buffer.from(keyId, 'base64').readUInt32BE(0) / 2 ** 32;
  return position < rollout.percentage / 100 ? 'enforce' : 'report';
}

const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app' });
const { challenge, registration, protect } = expressHandlers(appAttest, {
  mode: (request, { keyId }) => modeOf(Number(request.get('x-app-build') ?? 0), keyId),
});

export const app = express();
app.post('/app-attest/challenge', challenge);
app.post('/app-attest/registration', registration);

// In report mode, `express.json()` parses the body. In the mode `'enforce'`, `protect` has already set `request.body`.
app.post('/orders', protect, express.json(), (request, response) => {
  const { appAttest: verdict } = response.locals;
  response.json({ ordered: request.body.item, by: verdict.attested ? verdict.key.keyId : verdict.code });
});
