import { expressHandlers } from 'app-attest/express';
import { createAppAttest } from 'app-attest/server';
import { createSessions } from 'app-attest/session';
import express from 'express';

const { SESSION_KEYS = '[]' } = process.env; // an array of private JSON Web Keys, the same on all servers
const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app' });
const sessions = createSessions({
  issuer: 'https://api.example.com',
  audience: 'https://api.example.com',
  keys: JSON.parse(SESSION_KEYS),
});
const { challenge, registration, session, jwks, protect, protectWithSession } = expressHandlers(appAttest, {
  sessions,
});

export const app = express();
app.post('/app-attest/challenge', challenge);
app.post('/app-attest/registration', registration);
app.post('/app-attest/session', session); // the app sends a signed request and receives { token, expiresAt }
app.get('/.well-known/jwks.json', jwks);

// A read needs a token. The server reads no store.
app.get('/orders/:id', protectWithSession, (request, response) => {
  const { key, session } = response.locals.appAttest;
  response.json({ order: request.params.id, by: key.keyId, until: session.expiresAt });
});

// An order needs a signature. The server accepts each signed request once.
app.post('/orders', protect, (request, response) => {
  response.json({ ordered: request.body.item, by: response.locals.appAttest.key.keyId });
});
