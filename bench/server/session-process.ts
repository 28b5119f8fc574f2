// Serves one read on three routes for bench/server/session.ts: unprotected, by hand, and behind protectWithSession. Reports the
// CPU time of its main thread and of all its threads.
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expressHandlers } from 'app-attest/express';
import { createAppAttest, memoryStores, type StoredKey } from 'app-attest/server';
import { createSessions } from 'app-attest/session';
import express, { type RequestHandler } from 'express';
import { importJWK, jwtVerify } from 'jose';

/** The CPU time of a process so far, in microseconds. */
export interface CpuTime {
  readonly mainThread: number;
  readonly allThreads: number;
}

const ISSUER = 'https://api.example.com';
const appId = 'TEAMID1234.com.example.coffee';
const algorithm = process.argv[2] === 'EdDSA' ? 'EdDSA' : 'ES256';

const { privateKey, publicKey } =
  algorithm === 'EdDSA' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
const sessions = createSessions({ issuer: ISSUER, audience: ISSUER, keys: [privateKey.export({ format: 'jwk' })] });
const key: StoredKey = {
  keyId: Buffer.alloc(32, 1).toString('base64'),
  publicKey: '',
  counter: 1,
  appId,
  environment: 'production',
  device: {},
  createdAt: new Date(),
  subject: 'user-1234567890',
};
const { token } = await sessions.issue({ key });

/** More tokens than createSessions remembers. If the requests use the tokens in turn, each request verifies its token again. */
const TOKENS = 12_000;
const tokens: string[] = [];
for (let index = 0; index < TOKENS; index += 1) tokens.push((await sessions.issue({ key })).token);

/** The code that a person would write with `jose`: it verifies a token with a fixed algorithm, type, issuer and audience. */
const joseKey = await importJWK(publicKey.export({ format: 'jwk' }), algorithm);
const verifyByHand = (jwt: string) => {
  return jwtVerify(jwt, joseKey, {
    algorithms: [algorithm],
    typ: 'app-attest-session+jwt',
    issuer: ISSUER,
    audience: ISSUER,
  });
};
const byHand: RequestHandler = async (request, response, next) => {
  const [scheme, jwt] = request.headers.authorization?.split(' ') ?? [];
  if (scheme !== 'Bearer' || jwt === undefined) return void response.status(401).json({ error: 'refused' });
  try {
    const { payload } = await verifyByHand(jwt);
    const { user } = payload;
    Object.assign(response.locals, { user });
  } catch {
    return void response.status(401).json({ error: 'refused' });
  }
  next();
};

const { protectWithSession } = expressHandlers(createAppAttest({ appId, ...memoryStores() }), { sessions });
const app = express();
app.get('/unprotected', (_request, response) => void response.json({ order: '7', by: 'user-1234567890' }));
app.get('/by-hand', byHand, (_request, response) => {
  const { user } = response.locals;
  response.json({ order: '7', by: user });
});
app.get('/session', protectWithSession, (_request, response) => {
  response.json({ order: '7', by: response.locals.appAttest.key.subject });
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');

function cpuTime(): CpuTime {
  const { user, system } = process.cpuUsage();
  return { mainThread: mainThreadTime(), allThreads: user + system };
}

/**
 * Returns microseconds. `process.threadCpuUsage` exists since Node.js 23.9. In earlier versions, Linux reports the time in
 * nanoseconds.
 */
function mainThreadTime(): number {
  const usage: unknown = Reflect.get(process, 'threadCpuUsage');
  if (typeof usage === 'function') {
    const { user, system } = usage.call(process);
    return user + system;
  }
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
}

const commands: Readonly<Record<string, (count: number) => unknown>> = {
  start: () => ({ port: Reflect.get(Object(server.address()), 'port'), token, tokens }),
  cpuTime,
  /** Verifies the token `count` times, one time after another. Returns the CPU time of one verification. */
  async verify(count) {
    const before = cpuTime();
    for (let done = 0; done < count; done += 1) await verifyByHand(token);
    const after = cpuTime();
    return {
      mainThread: (after.mainThread - before.mainThread) / count,
      allThreads: (after.allThreads - before.allThreads) / count,
    };
  },
};

process.on('message', async ({ name, count }: { name: string; count: number }) => {
  process.send?.(await commands[name]?.(count));
});
process.on('disconnect', () => process.exit());
