import { randomBytes } from 'node:crypto';
import { AppAttestError, verifyAssertion, verifyAttestation } from 'app-attest';
import express from 'express';

const appId = 'TEAMID1234.com.example.app';

// These maps replace two tables. In production, use tables in a database that all your servers share.
const challenges = new Map<string, Date>(); // challenge → time of expiry
const keys = new Map<string, { publicKey: string; counter: number; environment: string; receipt: Uint8Array }>();

/** Creates the backend. Only tests pass trustAnchors: the root certificates of a virtual Apple (app-attest/testing). */
export function createBackend(trustAnchors?: readonly string[]) {
  const app = express();
  app.use(express.json({ limit: '128kb' }));

  // 1. The app requests a challenge before each attestation and each protected request.
  app.post('/challenge', (_request, response) => {
    deleteExpiredChallenges();
    const challenge = randomBytes(32).toString('base64url');
    challenges.set(challenge, new Date(Date.now() + 5 * 60_000));
    response.json({ challenge });
  });

  // 2. The app registers its key once per installation. It sends { keyId, challenge, token }.
  app.post('/register', async ({ body }, response) => {
    const challenge = readText(body, 'challenge');
    takeChallenge(challenge);
    const evidence = { attestation: readText(body, 'token'), keyId: readText(body, 'keyId') };
    const attested = await verifyAttestation({ ...evidence, challenge, appId, trustAnchors });
    const { keyId, publicKey, counter, environment, receipt } = attested; // keyId is base64 with padding
    if (keys.has(keyId)) throw new NotAttested('this key is already registered');
    keys.set(keyId, { publicKey, counter, environment, receipt });
    response.status(201).json({ keyId });
  });

  // 3. A protected request is { keyId, payload, token }. The payload contains method, target, challenge and JSON.
  app.post('/orders', async ({ body, method, originalUrl }, response) => {
    const key = keys.get(canonicalBase64(readText(body, 'keyId')));
    if (!key) throw new NotAttested('this key is not registered');
    const payload = readText(body, 'payload'); // exactly as received, because the signature covers these bytes
    const { publicKey, counter: lastCounter } = key;
    const assertion = readText(body, 'token');
    const { counter } = await verifyAssertion({ assertion, publicKey, payload, appId, counter: lastCounter });
    // In SQL: UPDATE keys SET counter = $1 WHERE key_id = $2 AND counter < $1. Exactly one row must change.
    if (counter <= key.counter) throw new NotAttested('a concurrent request stored the same or a higher counter');
    key.counter = counter;

    const [requestLine, challenge = '', ...content] = payload.split('\n');
    takeChallenge(challenge);
    if (requestLine !== `${method} ${originalUrl}`) throw new NotAttested('signed for another method or target');
    response.json({ ordered: JSON.parse(content.join('\n')).item });
  });

  // 4. Write the reason of a rejection to your log. Do not send the reason to the client.
  app.use(((error, _request, response, _next) => {
    console.warn(error instanceof AppAttestError ? `${error.code}: ${error.message}` : error);
    if (error.code === 'overloaded') response.set('Retry-After', String(error.retryAfter));
    response.status(statusOf(error)).json({ error: 'rejected' });
  }) satisfies express.ErrorRequestHandler);
  return app;
}

class NotAttested extends Error {}

function statusOf(error: unknown): number {
  if (error instanceof NotAttested) return 401;
  if (error instanceof SyntaxError) return 400; // the body or the content is not JSON
  if (!(error instanceof AppAttestError)) return 500; // a bug, an error of your database, or a body that is too long
  if (error.code === 'overloaded') return 503; // not verified: the app may try again with a new challenge
  return error.code === 'invalid_argument' ? 500 : 401; // invalid_argument: an option of the call is wrong
}

/** Reads a text field of a body. Rejects other types, and text that cannot be encoded in UTF-8. */
function readText(body: Record<string, unknown> | undefined, name: string): string {
  const text = body?.[name];
  if (typeof text === 'string' && text.isWellFormed()) return text;
  throw new NotAttested(`${name} must be text`);
}

/** Converts a key identifier in base64 or base64url to base64 with padding. The map `keys` contains this form. */
function canonicalBase64(keyId: string): string {
  return Buffer.from(keyId, 'base64').toString('base64');
}

/** Accepts each challenge only once. In SQL: DELETE … RETURNING. */
function takeChallenge(challenge: string): void {
  const expiresAt = challenges.get(challenge);
  challenges.delete(challenge);
  if (!expiresAt || expiresAt < new Date()) throw new NotAttested('this challenge is unknown, already used or expired');
}

/** The oldest challenge is the first in the map. In SQL, once a minute: DELETE FROM challenges WHERE expires_at < now() */
function deleteExpiredChallenges(): void {
  for (const [challenge, expiresAt] of challenges) {
    if (expiresAt > new Date()) return;
    challenges.delete(challenge);
  }
}
