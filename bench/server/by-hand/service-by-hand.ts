import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import express, { type Express, type RequestHandler } from 'express';
import { decodeAssertion } from './decode-assertion.js';
import type { StoresByHand } from './stores.js';

const BODY_LIMIT = 100 * 1024;
const CACHED_KEYS = 10_000;

/**
 * The least code that protects a route with App Attest, without a library for App Attest. It makes only the checks that no server
 * may omit, and uses the same framework and the same database clients as the measured service. It is only a reference for
 * benchmarks: it registers no devices, and explains no rejection.
 */
export function serviceByHand(stores: StoresByHand, appId: string): Express {
  const rpIdHash = hash('sha256', appId, 'buffer');
  const publicKeys = new Map<string, KeyObject>();

  const publicKeyOf = (pem: string): KeyObject => {
    const known = publicKeys.get(pem);
    if (known) return known;
    if (publicKeys.size >= CACHED_KEYS) publicKeys.clear();
    const key = createPublicKey(pem);
    publicKeys.set(pem, key);
    return key;
  };

  const protect: RequestHandler = async (request, response, next) => {
    const refuse = () => response.status(401).json({ error: 'refused' });
    const {
      'x-app-attest-key-id': keyId,
      'x-app-attest-assertion': token,
      'x-app-attest-challenge': challenge,
    } = request.headers;
    if (typeof keyId !== 'string' || typeof token !== 'string' || typeof challenge !== 'string') return refuse();
    const assertion = decodeAssertion(Buffer.from(token, 'base64'));
    const body = await readBody(request);
    if (!assertion || !body) return refuse();
    const { signature, authenticatorData } = assertion;

    // The challenge was issued and is now used up. The key is registered.
    const { takeAndAdvance } = stores;
    const [isTaken, key] = await Promise.all([takeAndAdvance ? true : stores.take(challenge), stores.find(keyId)]);
    if (!isTaken || !key) return refuse();

    // The key signed this request with this body, for this app.
    const digest = `sha-256=:${hash('sha256', body, 'base64')}:`;
    const clientData = `${request.method} ${request.originalUrl}\n${challenge}\n${digest}`;
    const nonce = hash('sha256', Buffer.concat([authenticatorData, hash('sha256', clientData, 'buffer')]), 'buffer');
    if (!verify('sha256', nonce, publicKeyOf(key.publicKey), signature)) return refuse();
    if (authenticatorData.length < 37 || rpIdHash.compare(authenticatorData, 0, 32) !== 0) return refuse();

    // The counter is higher than all earlier counters.
    const counter = authenticatorData.readUInt32BE(33);
    if (counter <= key.counter) return refuse();
    const advanced = takeAndAdvance ? takeAndAdvance(challenge, keyId, counter) : stores.advance(keyId, counter);
    if (!(await advanced)) return refuse();
    request.body = JSON.parse(body.toString());
    return next();
  };

  const service = express();
  service.post('/orders', protect, (request, response) => {
    response.status(201).json({ ordered: request.body.item });
  });
  service.post('/unprotected', async (request, response) => {
    const body = await readBody(request);
    response.status(201).json({ ordered: JSON.parse(String(body)).item });
  });
  return service;
}

/** Returns `undefined` if the body is too long. */
function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > BODY_LIMIT) resolve(undefined);
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}
