import type { Decision } from 'app-attest/express';
import type { Request, RequestHandler } from 'express';
import type { Journal } from './journal.js';
import { type Place, type Step, shortened } from './step.js';

/** What the service checks on each route. The checks are in the order in which the service makes them. */
const CHECKS: Readonly<Record<Decision['route'], string>> = {
  challenge: 'purpose of the challenge',
  registration: 'challenge, certificate chain, nonce, key identifier, App ID, counter 0, environment, receipt',
  protected: 'challenge, signature, App ID, counter, digest of the body',
  session: 'challenge, signature, App ID, counter',
  protectedWithSession: 'signature of the token, type, issuer, audience, expiry, App ID',
};

/** Adds a step for each request that the service receives, and for each response. */
export function observeRequests(journal: Journal): RequestHandler {
  return (request, response, next) => {
    const sender = senderOf(request);
    journal.step(sender, 'service', `${request.method} ${request.originalUrl}`, factsOf(request));
    const json = response.json;
    let body = '';
    response.json = (value: unknown) => {
      body = JSON.stringify(value);
      return json.call(response, value);
    };
    response.once('finish', () => {
      const outcome = response.statusCode < 400 ? 'accepted' : 'rejected';
      // The handlers report their decision in the same event, and the decision comes first.
      queueMicrotask(() => journal.step('service', sender, `${response.statusCode} ${shortened(body)}`, {}, outcome));
    });
    next();
  };
}

/** Adds a step for each decision of the handlers. Only the server's log has the reason of a rejection. */
export function observeDecision(journal: Journal, { route, code, error, key, session }: Decision): void {
  if (error && code) {
    journal.step('service', 'service', code, { reason: shortened(error.message) }, 'rejected');
    return;
  }
  const facts = {
    ...(key && { app: key.appId, 'accepted counter': String(key.counter) }),
    ...(key?.device.osVersion && route === 'registration' && { device: `iOS ${key.device.osVersion}` }),
    ...(session && { 'valid until': session.expiresAt.toISOString() }),
  };
  journal.step('service', 'service', `checked: ${CHECKS[route]}`, facts, 'accepted');
}

/** The attacker's requests have this header, or their preflights name it. Only the drawing depends on it. */
function senderOf(request: Request): Place {
  const named = request.get('Access-Control-Request-Headers') ?? '';
  return request.get('X-Example-Sender') || named.includes('x-example-sender') ? 'attacker' : 'app';
}

function factsOf(request: Request): Step['facts'] {
  const facts: Record<string, string> = {};
  const add = (name: string, value: string | undefined): void => {
    if (value) facts[name] = shortened(value);
  };
  if (request.method === 'OPTIONS') add('preflight of', request.get('Access-Control-Request-Method'));
  add('key', request.get('X-App-Attest-Key-Id'));
  add('challenge', request.get('X-App-Attest-Challenge'));
  add('assertion', request.get('X-App-Attest-Assertion'));
  add('digest', request.get('Content-Digest'));
  add('token', request.get('Authorization'));
  const length = request.get('Content-Length');
  if (length && length !== '0') add('body', `${length} bytes`);
  return facts;
}
