import { randomBytes } from 'node:crypto';
import { AppAttestError, verifyAssertion, verifyAttestation } from 'app-attest';
import express from 'express';

const appId = 'TEAMID1234.com.example.app';

// Two tables. In production both live in a database that all your servers share.
const challenges = new Map<string, Date>(); // challenge → expires at
const keys = new Map<string, { publicKey: string; counter: number; environment: string; receipt: Uint8Array }>();

export const app = express();
app.use(express.json({ limit: '128kb' }));

// 1. The app asks for a challenge before each attestation and each protected request.
app.post('/challenge', (_request, response) => {
  const challenge = randomBytes(32).toString('base64url');
  challenges.set(challenge, new Date(Date.now() + 5 * 60_000));
  response.json({ challenge });
});

// 2. Once per installation: { keyId, challenge, token } from the app's attestation.
app.post('/register', async (request, response) => {
  const { keyId, challenge, token } = request.body;
  takeChallenge(challenge);
  const attested = await verifyAttestation({ attestation: token, keyId, challenge, appId });
  if (keys.has(attested.keyId)) throw new Error('this key is already registered');
  const { publicKey, counter, environment, receipt } = attested;
  keys.set(attested.keyId, { publicKey, counter, environment, receipt });
  response.status(201).json({ keyId: attested.keyId });
});

// 3. For every protected request: { keyId, payload, token }, where payload is JSON text with a challenge in it.
app.post('/orders', async (request, response) => {
  const { keyId, payload, token } = request.body;
  const key = keys.get(keyId);
  if (!key) throw new Error('this key is not registered');
  const { counter } = await verifyAssertion({
    assertion: token,
    publicKey: key.publicKey,
    payload, // the text as received: parsed and serialized again, it would have another hash
    appId,
    counter: key.counter,
  });
  // In SQL: UPDATE keys SET counter = $1 WHERE key_id = $2 AND counter < $1, and one row must have changed.
  if (counter <= key.counter) throw new Error('a concurrent request stored the same or a higher counter');
  key.counter = counter;

  const { challenge, item } = JSON.parse(payload);
  takeChallenge(challenge);
  response.json({ ordered: item });
});

/** A challenge works once, regardless of the result. */
function takeChallenge(challenge: string): void {
  const expiresAt = challenges.get(challenge);
  challenges.delete(challenge);
  if (!expiresAt || expiresAt < new Date()) throw new Error('this challenge is unknown, already used or expired');
}

// 4. The reason goes to your log, never to the client.
app.use(((error, _request, response, _next) => {
  console.warn(error instanceof AppAttestError ? `${error.code}: ${error.message}` : error);
  response.status(401).json({ error: 'not attested' });
}) satisfies express.ErrorRequestHandler);
