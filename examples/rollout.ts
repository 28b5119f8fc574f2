import { expressHandlers, type Mode } from 'app-attest/express';
import { createAppAttest } from 'app-attest/server';
import express from 'express';

/** The state of the rollout. Store it where you can change it without a deployment, and read it every ten seconds. */
export const rollout = {
  /** The first build of the app whose requests can be enforced. */
  firstBuild: 1200,
  /** The percentage of the keys for which requests of these builds are enforced. */
  percentage: 0,
  /** Whether all requests are enforced, even without a build or a key. The last step of the rollout sets it to true. */
  everything: false,
};

function modeOf(build: number, keyId: string | undefined): Mode {
  if (rollout.everything) return 'enforce';
  if (build < rollout.firstBuild || keyId === undefined) return 'report';
  // A key identifier is a SHA-256 digest, so its first bytes are evenly distributed.
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

// In report mode, `express.json()` parses the body. If a request is enforced, `protect` has set the body already.
app.post('/orders', protect, express.json(), (request, response) => {
  const { appAttest: verdict } = response.locals;
  response.json({ ordered: request.body.item, by: verdict.attested ? verdict.key.keyId : verdict.code });
});
