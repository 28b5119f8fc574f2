import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import express, { type Express, type Request } from 'express';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expressHandlers, type HttpOptions, type Mode } from '../../src/http/express.js';
import { verifyAssertion, verifyAttestation } from '../../src/index.js';
import { type AppAttestOptions, createAppAttest } from '../../src/server/index.js';
import { virtualIphoneCommand } from '../support/virtual-iphone-command.js';

const appId = 'TEAMID1234.com.example.app';
const { device } = virtualIphoneCommand();

let root: string;
beforeAll(async () => {
  root = (await device('--print-root')).output;
});

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Starts a server for the app, and returns its URL. */
async function listen(app: Express): Promise<string> {
  const server = createServer(app).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}

/** The backend of the README, with the root of the virtual iPhone. */
function backend(options: Partial<AppAttestOptions> = {}, http: HttpOptions<Request, Mode> = {}, prefix = ''): Express {
  const { challenge, registration, protect } = expressHandlers(
    createAppAttest({ appId, trustAnchors: [root], ...options }),
    http,
  );
  const app = express();
  app.post(`${prefix}/app-attest/challenge`, challenge);
  app.post(`${prefix}/app-attest/registration`, registration);
  app.post(`${prefix}/orders`, protect, (request, response) => {
    response.status(201).json({ ordered: request.body?.item ?? null });
  });
  app.get(`${prefix}/orders`, protect, (_request, response) => {
    response.json({ orders: [] });
  });
  return app;
}

/** Returns the titles of the requests whose responses are not as expected. */
async function differences(url: string, ...args: string[]): Promise<string[]> {
  const { code, output, errors } = await device('--url', url, '--app-id', appId, '--json', ...args);
  expect(errors).toBe('');
  const { asExpected, steps } = JSON.parse(output);
  expect(code).toBe(asExpected ? 0 : 1);
  return steps
    .filter((step: { isAsExpected: boolean }) => !step.isAsExpected)
    .map((step: { title: string }) => step.title);
}

describe('app-attest device', () => {
  it('shows that the backend of the README responds as expected', async () => {
    const { code, output } = await device('--url', await listen(backend()), '--app-id', appId);
    expect(output.replaceAll(/"keyId":"[^"]+"/g, '"keyId":"…"')).toBe(`✓ The app registers its key
    201 {"keyId":"…"}
✓ An attacker registers another key with the same challenge
    401 {"error":"challenge_used"}
✓ A copy of the app, signed by another team, registers its key
    401 {"error":"app_id_mismatch"}
✓ The app sends POST /orders
    201 {"ordered":"coffee"}
✓ An attacker sends the same request again
    401 {"error":"challenge_used"}
✓ An attacker adds one byte to the body in transit
    401 {"error":"request_mismatch"}
✓ An attacker sends a request that was signed for another route
    401 {"error":"invalid_signature"}
✓ An attacker adds a query to a request
    401 {"error":"invalid_signature"}
✓ The app sends an assertion with an old counter
    401 {"error":"counter_not_increased"}
✓ A key that is not registered signs a request
    401 {"error":"key_unknown"}
✓ A script sends a request without an assertion
    401 {"error":"assertion_missing"}
✓ The app sends one more request
    201 {"ordered":"coffee"}

All 12 responses are as expected.
`);
    expect(code).toBe(0);
  });

  it.each(['iOS 14.4', 'iOS 18.5 opt-in', 'macOS 27'])(
    'tests a backend with a virtual device that runs %s',
    async (os) => {
      expect(await differences(await listen(backend()), '--os', os)).toEqual([]);
    },
  );

  it('tests a backend with requests that have no body', async () => {
    expect(await differences(await listen(backend()), '--method', 'GET', '--path', '/orders')).toEqual([]);
  });

  it('tests a backend whose routes have a prefix, require a login and accept development builds', async () => {
    const subject = (request: Request) => request.headers.authorization;
    const url = await listen(backend({ environment: 'development' }, { subject }, '/api'));
    const login = ['--header', 'Authorization: Bearer token', '--environment', 'development'];
    expect(await differences(`${url}/api`, ...login)).toEqual([]);
    expect(await differences(`${url}/api/`, ...login)).toEqual([]);
    expect(await differences(`${url}/api`, '--environment', 'development')).toEqual(['The app registers its key']);
  });
});

/** The mistakes of a backend that does not use the handlers of this package. */
interface Mistakes {
  acceptsReplays?: boolean;
  ignoresCounter?: boolean;
  ignoresDigest?: boolean;
  signsPathOnly?: boolean;
  ignoresTarget?: boolean;
  keepsChallengeOfRegistration?: boolean;
  acceptsEveryApp?: boolean;
  needsNoAssertion?: boolean;
  countsRejections?: boolean;
  failsOnReplays?: boolean;
}

const digestOf = (body: Uint8Array): string => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;

/** A backend that calls only the verifiers of this package, and makes the given mistakes. */
function handmadeBackend(mistakes: Mistakes): Express {
  const challenges = new Set<string>();
  const keys = new Map<string, { publicKey: string; counter: number }>();
  const app = express();
  app.use(express.raw({ type: () => true }));
  app.post('/app-attest/challenge', (_request, response) => {
    const challenge = createHash('sha256').update(String(Math.random())).digest('base64url');
    challenges.add(challenge);
    response.json({ challenge });
  });
  app.post('/app-attest/registration', async (request, response) => {
    const { keyId, challenge, token } = JSON.parse(String(request.body));
    const isKnown = mistakes.keepsChallengeOfRegistration ? challenges.has(challenge) : challenges.delete(challenge);
    const accepted = mistakes.acceptsEveryApp ? [appId, `COPIEDAPP1${appId.slice(10)}`] : appId;
    const options = { attestation: token, keyId, challenge, appId: accepted, trustAnchors: [root] };
    const key = isKnown && (await verifyAttestation(options).catch(() => undefined));
    if (key) keys.set(keyId, { publicKey: key.publicKey, counter: 0 });
    response.status(key ? 201 : 401).end();
  });
  app.post('/orders', async (request, response) => {
    const keyId = request.header('X-App-Attest-Key-Id') ?? '';
    const challenge = request.header('X-App-Attest-Challenge') ?? '';
    const assertion = request.header('X-App-Attest-Assertion');
    if (assertion === undefined) return response.status(mistakes.needsNoAssertion ? 201 : 401).end();
    const key = keys.get(keyId);
    const isFresh = mistakes.acceptsReplays ? challenges.has(challenge) : challenges.delete(challenge);
    const signed = mistakes.ignoresDigest ? request.header('Content-Digest') : digestOf(request.body);
    const target = mistakes.signsPathOnly ? request.path : request.originalUrl;
    const targets = mistakes.ignoresTarget ? [target, '/app-attest/challenge/other'] : [target];
    if (!isFresh && mistakes.failsOnReplays) return response.status(500).end();
    if (!key || !isFresh) return response.status(401).end();
    for (const each of targets) {
      try {
        const payload = `POST ${each}\n${challenge}\n${signed}`;
        const counter = mistakes.ignoresCounter ? 0 : key.counter;
        ({ counter: key.counter } = await verifyAssertion({ assertion, ...key, payload, appId, counter }));
        return response.status(201).end();
      } catch {
        // The next target may be the signed one.
      }
    }
    if (mistakes.countsRejections) key.counter = 0xffff_ffff;
    return response.status(401).end();
  });
  return app;
}

describe('app-attest device tests a backend that', () => {
  it('makes no mistake and does not use the handlers of this package', async () => {
    expect(await differences(await listen(handmadeBackend({})))).toEqual([]);
  });

  it.each<[string, Mistakes, string[]]>([
    [
      'accepts replays',
      { acceptsReplays: true, ignoresCounter: true },
      ['An attacker sends the same request again', 'The app sends an assertion with an old counter'],
    ],
    ['compares no counter', { ignoresCounter: true }, ['The app sends an assertion with an old counter']],
    ['compares no digest', { ignoresDigest: true }, ['An attacker adds one byte to the body in transit']],
    ['ignores the query', { signsPathOnly: true }, ['An attacker adds a query to a request']],
    [
      'ignores the signed route',
      { ignoresTarget: true },
      ['An attacker sends a request that was signed for another route'],
    ],
    [
      'accepts the challenge of a registration twice',
      { keepsChallengeOfRegistration: true },
      ['An attacker registers another key with the same challenge'],
    ],
    [
      'accepts copies of the app',
      { acceptsEveryApp: true },
      ['A copy of the app, signed by another team, registers its key'],
    ],
    ['needs no assertion', { needsNoAssertion: true }, ['A script sends a request without an assertion']],
    ['changes the counter of rejected requests', { countsRejections: true }, ['The app sends one more request']],
    ['fails on replays', { failsOnReplays: true }, ['An attacker sends the same request again']],
  ])('%s', async (_name, mistakes, titles) => {
    expect(await differences(await listen(handmadeBackend(mistakes)))).toEqual(titles);
  });

  it('runs in report mode', async () => {
    const titles = await differences(await listen(backend({}, { mode: 'report' })));
    expect(titles).toContain('An attacker sends the same request again');
    expect(titles).not.toContain('The app sends one more request');
    const { output } = await device('--url', await listen(backend({}, { mode: 'report' })), '--app-id', appId);
    expect(output).toContain("`protect` is missing in front of the handler, or the option mode is 'report'");
    const replays = await device('--url', await listen(handmadeBackend({ acceptsReplays: true })), '--app-id', appId);
    expect(replays.output).not.toContain('`protect`');
  });

  it.each([
    ['another App ID', { appId: 'TEAMID9999.com.example.app' }, 'as --app-id'],
    ['another environment', { environment: 'development' }, 'as --environment'],
  ] as const)('accepts only %s, so the output names the option to pass', async (_name, options, advice) => {
    const { output } = await device('--url', await listen(backend(options)), '--app-id', appId);
    expect(output).toContain(advice);
    expect(output).not.toContain('--print-root');
    expect(output).toContain('The attacks on the protected route were not sent');
  });

  it('does not trust the root of the virtual iPhone', async () => {
    const { code, output } = await device(
      '--url',
      await listen(backend({ trustAnchors: undefined })),
      '--app-id',
      appId,
    );
    expect(code).toBe(1);
    expect(output).toContain('expected  accepted, such as 201\n    got       401 {"error":"untrusted_certificate"}\n');
    expect(output).toContain('--print-root');
    expect(output).toContain('\n\nThe response is not as expected.');
  });

  it('parses the body before the handlers', async () => {
    const parses = express().use(express.json(), backend({}, { onDecision: () => undefined }));
    const parsesOrders = express()
      .use('/orders', express.json())
      .use(backend({}, { onDecision: () => undefined }));
    for (const [app, responses] of [[parses, 'The response'] as const, [parsesOrders, '1 of 4 responses'] as const]) {
      const { output } = await device('--url', await listen(app), '--app-id', appId);
      expect(output).toContain('got       500 {"error":"body_already_read"}');
      expect(output).toContain('With Express, register the handlers before express.json(): see docs/http.md#express.');
      expect(output).toContain('With NestJS, pass { rawBody: true } to NestFactory.create');
      expect(output).toContain(`${responses} is not as expected.`);
    }
  });

  it('does not have the routes', async () => {
    expect(await differences(await listen(express()))).toEqual(['The app registers its key']);
    const { output } = await device('--url', await listen(express()), '--app-id', appId);
    expect(output).toContain('Pass --challenge-path and --registration-path');
    const other = await differences(await listen(backend()), '--path', '/order', '--method', 'PUT', '--body', '{}');
    expect(other).toEqual(['The app sends PUT /order']);
  });

  it('is not running', async () => {
    const url = await listen(backend());
    servers.pop()?.close();
    const { code, output } = await device('--url', url, '--app-id', appId);
    expect(code).toBe(1);
    expect(output).toContain(`no response from ${url}/app-attest/challenge: ECONNREFUSED`);
    expect(output).toContain('Start the backend, or correct --url.');
  });

  it('redirects to another host, to which no request is sent', async () => {
    let requests = 0;
    const other = await listen(
      express().use((_request, response) => {
        requests += 1;
        response.end();
      }),
    );
    const redirecting = express().use((_request, response) => response.redirect(307, other));
    expect(await differences(await listen(redirecting))).toEqual(['The app registers its key']);
    expect(requests).toBe(0);
  });

  it('issues challenges that no header can contain', async () => {
    const app = express().use((_request, response) => response.json({ challenge: 'a\r\nX-Other: \u2028' }));
    const { code, output, errors } = await device('--url', await listen(app), '--app-id', appId);
    expect({ code, errors }).toEqual({ code: 1, errors: '' });
    expect(output).toContain('the value of X-App-Attest-Challenge cannot be sent as a header');
  });

  it('sends an endless body and terminal control characters', async () => {
    const app = express().use((_request, response) => {
      response.write('\u001b[2J');
      const send = () => response.write('x'.repeat(65_536), () => response.destroyed || setImmediate(send));
      send();
    });
    const { code, output } = await device('--url', await listen(app), '--app-id', appId);
    expect(code).toBe(1);
    expect(output.length).toBeLessThan(2000);
    expect(output).toContain('200 \\u001b[2Jxxx');
  });
});

it('the root of the virtual iPhone for receipts is accepted by a backend with verifyReceipts', async () => {
  const receiptTrustAnchors = [(await device('--print-receipt-root')).output];
  expect(await differences(await listen(backend({ verifyReceipts: true, receiptTrustAnchors })))).toEqual([]);
});

describe('app-attest device rejects', () => {
  const app = ['--app-id', appId];
  const url = ['--url', 'http://127.0.0.1:1'];
  it.each([
    ['a missing URL', app, '--url is missing'],
    ['a missing App ID', url, '--app-id is missing'],
    ['an invalid App ID', [...url, '--app-id', 'example'], 'appId "example" must be'],
    ['a URL with another protocol', [...app, '--url', 'file:///etc/passwd'], '--url must be'],
    ['a URL with a password', [...app, '--url', 'http://user:hunter2@localhost'], '--url must be'],
    ['an unknown operating system', [...app, ...url, '--os', 'iOS 99'], '--os must be one of iOS 14.4'],
    ['an unknown environment', [...app, ...url, '--environment', 'sandbox'], '--environment must be'],
    [
      'a body with the method GET',
      [...app, ...url, '--path', '/a', '--method', 'GET', '--body', 'x'],
      'GET allows no --body',
    ],
    ['a method without a path', [...app, ...url, '--method', 'GET'], '--path is missing'],
    ['a method in lower case', [...app, ...url, '--path', '/a', '--method', 'get'], '--method must be'],
    ['a path that is not encoded', [...app, ...url, '--path', '/ü'], '--path must be'],
    ['a path with dot segments', [...app, ...url, '--path', '/a/../b'], '--path must be'],
    ['a path that contains another host', [...app, ...url, '--path', '@example.com/'], '--path must be'],
    ['a header without a value', [...app, ...url, '--header', 'hunter2'], '--header must be'],
    ['a header with a line break', [...app, ...url, '--header', 'A: b\r\nC: d'], '--header must be'],
  ])('%s with exit code 2', async (_name, args, message) => {
    const { code, output, errors } = await device(...args);
    expect({ code, output }).toEqual({ code: 2, output: '' });
    expect(errors).toContain(message);
    expect(errors).not.toContain('hunter2');
  });
});
