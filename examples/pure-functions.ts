import { randomBytes } from 'node:crypto';
import { AppAttestError, verifyAssertion, verifyAttestation } from 'app-attest';
import express from 'express';

const appId = 'TEAMID1234.com.example.app';

// Two tables. In production, store both tables in a database that all your servers share.
const challenges = new Map<string, Date>(); // challenge → expires at
const keys = new Map<string, { publicKey: string; counter: number; environment: string; receipt: Uint8Array }>();

/** Creates the backend. Only tests pass trustAnchors: the root certificates of the virtual Apple. */
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

  // 2. Once per installation, the app sends { keyId, challenge, token }. The token is the attestation.
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

  // 3. For every protected request, the app sends { keyId, payload, token }. The token is the assertion.
  // The payload is text: method and target, challenge, JSON.
  app.post('/orders', async ({ body, method, originalUrl }, response) => {
    const key = keys.get(canonicalBase64(readText(body, 'keyId')));
    if (!key) throw new NotAttested('this key is not registered');
    const payload = readText(body, 'payload'); // as received: JSON that is serialized again has another hash
    const { publicKey, counter: lastCounter } = key;
    const assertion = readText(body, 'token');
    const { counter } = await verifyAssertion({ assertion, publicKey, payload, appId, counter: lastCounter });
    // In SQL: UPDATE keys SET counter = $1 WHERE key_id = $2 AND counter < $1, and one row must have changed.
    if (counter <= key.counter) throw new NotAttested('a concurrent request stored the same or a higher counter');
    key.counter = counter;

    const [requestLine, challenge = '', ...content] = payload.split('\n');
    takeChallenge(challenge);
    if (requestLine !== `${method} ${originalUrl}`) throw new NotAttested('signed for another method or target');
    response.json({ ordered: JSON.parse(content.join('\n')).item });
  });

  // 4. The reason goes to your log, never to the client.
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
  if (!(error instanceof AppAttestError)) return 500; // a bug, or your database failed
  if (error.code === 'overloaded') return 503; // not verified: the app may try again with a new challenge
  return error.code === 'invalid_argument' ? 500 : 401; // invalid_argument: this call is wrong, not the request
}

/** Returns text from a client. Other values would cause invalid_argument. Lone surrogates have no UTF-8 bytes. */
function readText(body: Record<string, unknown> | undefined, name: string): string {
  const text = body?.[name];
  if (typeof text === 'string' && text.isWellFormed()) return text;
  throw new NotAttested(`${name} must be text`);
}

/** Clients send key identifiers as base64 or base64url. The table contains base64 with padding. */
function canonicalBase64(keyId: string): string {
  return Buffer.from(keyId, 'base64').toString('base64');
}

/** Accepts a challenge only once. In SQL: DELETE … RETURNING. */
function takeChallenge(challenge: string): void {
  const expiresAt = challenges.get(challenge);
  challenges.delete(challenge);
  if (!expiresAt || expiresAt < new Date()) throw new NotAttested('this challenge is unknown, already used or expired');
}

/** The oldest challenges come first. In SQL: DELETE FROM challenges WHERE expires_at < now(), once a minute. */
function deleteExpiredChallenges(): void {
  for (const [challenge, expiresAt] of challenges) {
    if (expiresAt > new Date()) return;
    challenges.delete(challenge);
  }
}
