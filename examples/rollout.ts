import { expressHandlers, type Mode } from 'app-attest/express';
import { createAppAttest } from 'app-attest/server';
import express from 'express';

/** How far the rollout is. Keep it where a change needs no deployment, and read it again every ten seconds. */
export const rollout = {
  /** Requests of this build of the app and later ones may be enforced. */
  firstBuild: 1200,
  /** The percentage of their keys for which requests are enforced. */
  percentage: 0,
  /** At the end: all requests are enforced, also those without a build or a key. */
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

// While requests may be reported, `express.json()` parses them. It does nothing for those that are enforced.
app.post('/orders', protect, express.json(), (request, response) => {
  const { appAttest: verdict } = response.locals;
  response.json({ ordered: request.body.item, by: verdict.attested ? verdict.key.keyId : verdict.code });
});
