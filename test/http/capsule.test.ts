import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Capsule, type Decision, httpHandlers, type Mode } from '../../src/http/index.js';
import { type ExtensionPolicy, verifyAssertion, verifyAttestation } from '../../src/index.js';
import { PACKAGE_VERSION } from '../../src/runtime/package-version.js';
import { type AppAttestOptions, memoryStores } from '../../src/server/index.js';
import { appId, backendWithDevice, createBackend, createDevice, registration, sha256 } from '../support/backend.js';
import { expectCode } from '../support/rejection.js';
import { signedHeaders } from '../support/signed-headers.js';

afterEach(() => vi.restoreAllMocks());

const post = (body: unknown, headers: Record<string, string> = {}): Request => {
  const type = {
    'content-type': 'application/json',
    authorization: 'Bearer secret-token',
    cookie: 'sid=secret-cookie',
  };
  return new Request('http://localhost/orders?token=secret-query', {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { ...type, ...headers },
  });
};

/**
 * Creates handlers with the option `capsules`. `capsule` waits for their only decision, and returns its capsule after
 * conversion to JSON and back, as from a log.
 */
function collecting(backend: ReturnType<typeof createBackend>, mode: Mode = 'enforce', subject?: () => string) {
  const decisions: Decision[] = [];
  const onDecision = (decision: Decision) => decisions.push(decision);
  const handlers = httpHandlers(backend, { capsules: true, mode, onDecision, ...(subject && { subject }) });
  const capsule = async (): Promise<Capsule> => {
    await expect.poll(() => decisions.length).toBe(1);
    return JSON.parse(JSON.stringify(decisions[0]?.evidence));
  };
  return { handlers, capsule, decisions };
}

const bytes = (value: unknown): Uint8Array => {
  if (typeof value !== 'string') throw new Error('expected text in the capsule, got the digest of a long value');
  return Buffer.from(value, 'base64');
};
const text = (value: unknown): string => {
  if (typeof value !== 'string') throw new Error('expected text in the capsule, got the digest of a long value');
  return value;
};

function policyOf({ policy }: Capsule): { policy?: ExtensionPolicy } {
  if (!policy) return {};
  const { bundleVersions, ...rest } = policy;
  if (bundleVersions === 'function')
    throw new Error('the policy contained the function bundleVersions, so the decision cannot be repeated');
  return { policy: { ...rest, ...(bundleVersions && { bundleVersions }) } };
}

/** Verifies the evidence of a capsule again. Uses only values in the capsule. */
function verifyAgain(capsule: Capsule): Promise<unknown> {
  const { kind, evidence, keyId, clientDataHash, appIds = [], environments, trustAnchors, key, date } = capsule;
  if (kind === 'attestation') {
    return verifyAttestation({
      attestation: text(evidence),
      keyId: text(keyId),
      clientDataHash: bytes(clientDataHash),
      appId: appIds,
      environment: environments,
      date: new Date(date),
      trustAnchors: trustAnchors?.map(bytes),
      ...policyOf(capsule),
    });
  }
  if (!key) throw new Error('the capsule contains no key');
  return verifyAssertion({
    assertion: text(evidence),
    publicKey: key.publicKey,
    clientDataHash: bytes(clientDataHash),
    appId: key.appId,
    counter: key.counter,
    ...policyOf(capsule),
  });
}

describe('a capsule', () => {
  const ATTESTATIONS: readonly [string, Partial<AppAttestOptions>, Parameters<typeof createDevice>[0]][] = [
    ['environment_mismatch', {}, { environment: 'development' }],
    ['app_id_mismatch', { appId: ['TEAMID1234.com.example.other', 'TEAMID1234.com.example.third'] }, {}],
    ['extension_rejected', { policy: { validationCategories: [4], bundleVersions: ['7'] } }, { bundleVersion: '8' }],
    ['certificate_expired', { now: new Date('2040-01-01') }, {}],
  ];

  it.each(ATTESTATIONS)(
    'of a registration that was rejected with %s reproduces the rejection',
    async (code, options, device) => {
      const backend = createBackend(options);
      const { handlers, capsule } = collecting(backend);
      const body = await registration(backend, await createDevice(device));
      expect(await (await handlers.registration(post(body))).json()).toEqual({ error: code });
      const kept = await capsule();
      expect(kept).toMatchObject({
        version: 1,
        kind: 'attestation',
        code,
        evidence: body.token,
        keyId: body.keyId,
        clientData: { text: body.challenge },
        clientDataForm: 'sha256',
        clientDataHash: Buffer.from(sha256(body.challenge)).toString('base64'),
        environments: ['production'],
        verifyReceipts: false,
        package: PACKAGE_VERSION,
        runtime: `node ${process.versions.node}`,
      });
      const { message } = await expectCode(() => verifyAgain(kept), code as never);
      expect(message).toBe(kept.message);
    },
  );

  it('of a request whose payload was changed reproduces the rejection', async () => {
    const { backend, request, key } = await backendWithDevice();
    const { handlers, capsule } = collecting(backend);
    const body = await request();
    const payload = body.payload.replace('coffee', 'gold');
    expect((await handlers.assertion(post({ ...body, payload }))).status).toBe(401);
    const kept = await capsule();
    expect(kept).toMatchObject({
      kind: 'assertion',
      code: 'invalid_signature',
      evidence: body.token,
      keyId: key.keyId,
      clientData: { text: payload },
      counterWindow: 0,
      appIds: [appId],
      key: { publicKey: key.publicKey, counter: 0, appId, environment: 'production' },
    });
    await expectCode(() => verifyAgain(kept), 'invalid_signature');
  });

  it('of a request with an old counter, which the handler received in report mode, reproduces the error', async () => {
    const stores = memoryStores();
    const { backend, device, keyId } = await backendWithDevice({ ...stores, policy: { whenAbsent: 'accept' } });
    const { handlers, capsule, decisions } = collecting(backend, 'report');
    await stores.keys.advance(keyId, 5, 0);
    const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
    const target = '/orders?token=secret-query';
    const headers = await signedHeaders(device, keyId, { method: 'POST', target, challenge, body: '"x"' });
    const handler = handlers.protect(() => new Response());
    expect((await handler(post('x', headers))).status).toBe(200);
    const kept = await capsule();
    expect(decisions[0]?.outcome).toBe('reported');
    expect(kept).toMatchObject({
      code: 'counter_not_increased',
      key: { counter: 5 },
      policy: { whenAbsent: 'accept' },
    });
    await expectCode(() => verifyAgain(kept), 'counter_not_increased');
  });

  it('of malformed evidence contains the evidence as it was sent, and the form of the client data', async () => {
    const backend = createBackend({ clientData: 'raw', policy: { bundleVersions: () => true } });
    const { handlers, capsule } = collecting(backend);
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    const keyId = Buffer.alloc(32).toString('base64');
    await handlers.registration(post({ keyId, challenge, token: '?' }));
    const kept = await capsule();
    expect(kept).toMatchObject({
      code: 'malformed_attestation',
      evidence: '?',
      clientDataForm: 'raw',
      clientDataHash: Buffer.from(challenge).toString('base64'),
      policy: { bundleVersions: 'function' },
    });
  });

  it('contains only the digest and the length of a value that is too long', async () => {
    const { backend, keyId } = await backendWithDevice();
    const { handlers, capsule } = collecting(backend);
    const [payload, token] = ['é'.repeat(200_000), 'A'.repeat(200_000)];
    await handlers.assertion(post({ keyId, payload, token }));
    const kept = await capsule();
    expect(kept.evidence).toEqual({ sha256: Buffer.from(sha256(token)).toString('base64'), length: token.length });
    expect(kept.clientData).toEqual({
      sha256: Buffer.from(sha256(payload)).toString('base64'),
      length: payload.length,
    });
    expect(kept.clientDataHash).toBe(Buffer.from(sha256(payload)).toString('base64'));
    expect(JSON.stringify(kept).length).toBeLessThan(5000);
  });

  it.each([
    ['base64', 'A', true],
    ['characters that JSON escapes', '\u0001', false],
    ['characters of three bytes', '€', false],
  ])('is smaller than 300 KiB, even if the client sends long values of %s', async (_, character, isKept) => {
    const { handlers, capsule } = collecting(createBackend({ clientData: 'raw' }));
    const [challenge, token] = [character.repeat(65_536), character.repeat(87_384)];
    await handlers.assertion(post({ keyId: 'A'.repeat(256), payload: challenge, token }));
    const kept = await capsule();
    expect(typeof kept.clientData === 'object' && 'text' in kept.clientData).toBe(isKept);
    expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThan(300 * 1024);
  });

  it('contains no headers, no cookies, no query and no user', async () => {
    const { backend } = await backendWithDevice();
    const { handlers, capsule } = collecting(backend, 'enforce', () => 'secret-user');
    await handlers.assertion(post({ keyId: 'x', payload: '{}', token: 'AAAA' }));
    expect(JSON.stringify(await capsule())).not.toContain('secret');
    const registered = await backendWithDevice();
    const { handlers: others, capsule: other } = collecting(registered.backend, 'enforce', () => 'secret-user');
    await others.assertion(post(await registered.request()));
    expect(JSON.stringify(await other())).not.toContain('secret');
  });

  it('does not contain the message of an error that a store threw', async () => {
    const stores = memoryStores();
    const { backend, request } = await backendWithDevice(stores);
    const { handlers, capsule, decisions } = collecting(backend);
    const body = await request();
    stores.keys.find = () => Promise.reject(new Error('no route to postgres://app:secret@db'));
    await handlers.assertion(post(body));
    expect(await capsule()).toMatchObject({
      code: 'unavailable',
      message: 'a store or a function in the options failed',
    });
    expect(decisions[0]?.error?.message).toContain('secret');
  });

  it('is absent, and a process warning is emitted, if the clock or the store returns an invalid date', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const stores = memoryStores();
    let time = Date.now();
    const { backend, request } = await backendWithDevice({ ...stores, now: () => new Date(time) });
    const body = await request();
    await backend.authenticate(body);

    time = Number.NaN;
    const early = collecting(backend);
    await early.handlers.assertion(post({ ...body, payload: '{}' }));
    await expect.poll(() => early.decisions).toMatchObject([{ code: 'challenge_unknown' }]);
    expect(early.decisions[0]).not.toHaveProperty('evidence');

    time = Date.now();
    const find = stores.keys.find.bind(stores.keys);
    stores.keys.find = async (keyId) => Object.assign({}, await find(keyId), { createdAt: new Date(Number.NaN) });
    const late = collecting(backend);
    await late.handlers.assertion(post(body));
    await expect.poll(() => late.decisions).toMatchObject([{ code: 'challenge_used', key: { keyId: body.keyId } }]);
    expect(late.decisions[0]).not.toHaveProperty('evidence');
    expect(warned.mock.calls.map(([warning]) => String(warning))).toEqual([
      'AppAttestHttpError: the capsule could not be created',
      'AppAttestHttpError: the capsule could not be created',
    ]);
  });

  it('is created only with the option capsules, and only for a rejected request that contains evidence', async () => {
    const { backend, request } = await backendWithDevice();
    const { handlers, decisions } = collecting(backend);
    await handlers.assertion(post(await request()));
    await handlers.assertion(post({}));
    await handlers.challenge(post({}));
    const without: Decision[] = [];
    const body = await request();
    await backend.authenticate(body);
    await httpHandlers(backend, { onDecision: (one) => without.push(one) }).assertion(post(body));
    await expect.poll(() => [...decisions, ...without].map(({ code }) => code)).toHaveLength(4);
    for (const decision of [...decisions, ...without]) expect(decision).not.toHaveProperty('evidence');
  });

  it('has no App IDs if the backend is a copy of the object that createAppAttest returned', async () => {
    const { backend, request, key } = await backendWithDevice();
    const body = await request();
    await backend.authenticate(body);
    const { handlers, capsule } = collecting({ ...backend });
    await handlers.assertion(post(body));
    const kept = await capsule();
    expect(kept).toMatchObject({ code: 'challenge_used', evidence: body.token, key: { publicKey: key.publicKey } });
    expect(kept).not.toHaveProperty('appIds');
  });

  it('names the package version from package.json', () => {
    expect(PACKAGE_VERSION).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version);
  });
});
