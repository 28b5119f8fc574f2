import { metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { afterAll, expect, it } from 'vitest';
import { observeDecisions } from '../../examples/opentelemetry.js';
import { httpHandlers, type Mode } from '../../src/http/index.js';
import type { VirtualDevice } from '../../src/testing/index.js';
import { createBackend, createDevice } from '../support/backend.js';
import { signedHeaders } from '../support/signed-headers.js';

const DEVICES = 1000;
const BODY = '{"item":"coffee"}';

const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
const meterProvider = new MeterProvider({ readers: [reader] });
metrics.setGlobalMeterProvider(meterProvider);
const stop = observeDecisions();
afterAll(async () => {
  stop();
  await meterProvider.shutdown();
});

/** Returns the number of decisions by outcome, route and code since the last call. */
async function counted(): Promise<Record<string, number>> {
  // A Fetch handler cannot detect that its response was sent, so decisions are published after 20 ms.
  await new Promise((resolve) => setTimeout(resolve, 100));
  exporter.reset();
  await meterProvider.forceFlush();
  const all = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
  const points = all.find(({ descriptor }) => descriptor.name === 'app_attest.decisions')?.dataPoints ?? [];
  const entries = points.map(({ attributes, value }): [string, number] => {
    const labels = ['outcome', 'route', 'code'].map((name) => attributes[`app_attest.${name}`]);
    return [labels.filter((label) => label !== undefined).join(' '), Number(value)];
  });
  return Object.fromEntries(entries);
}

const backend = createBackend();
/** The state of the rollout: the mode for old builds, and the share of the keys for which the mode is `'enforce'`. */
const rollout: { old: Mode; share: number } = { old: 'report', share: 0 };
const isEnforced = (keyId: string) => Buffer.from(keyId, 'base64').readUInt32BE(0) / 2 ** 32 < rollout.share;
const { registration, protect } = httpHandlers(backend, {
  mode: (request, { keyId }) => {
    if (request.headers.get('x-app-build') === null || keyId === undefined) return rollout.old;
    return isEnforced(keyId) ? 'enforce' : 'report';
  },
});
const orders = protect(async (request, verdict) => {
  expect(await request.text()).toBe(BODY);
  return Response.json({ attested: verdict.attested });
});

const send = (handler: typeof orders, body: string, headers: Record<string, string>) => {
  const type = { 'content-type': 'application/json' };
  return handler(new Request('http://localhost/orders', { method: 'POST', body, headers: { ...type, ...headers } }));
};

/** An installation of the app. Its requests are accepted if `code` is undefined. Otherwise, `code` is the code of the rejection. */
interface Installation {
  readonly device: VirtualDevice;
  readonly keyId: string;
  readonly kind: 'genuine' | 'old' | 'broken' | 'hostile';
  readonly code: string | undefined;
}

async function install(index: number): Promise<Installation> {
  const device = await createDevice();
  const keyId = await device.generateKey();
  // One installation in ten is an old build, a broken build or hostile.
  const kind = index % 10 > 0 ? 'genuine' : (['old', 'broken', 'hostile'] as const)[(index / 10) % 3];
  if (!kind) throw new Error('the index must be an integer');
  const code = { genuine: undefined, old: 'assertion_missing', broken: 'invalid_signature', hostile: 'key_unknown' };
  if (kind === 'genuine' || kind === 'broken') {
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    const body = await device.capacitor.createAttestation({ keyId, challenge });
    expect((await send(registration, JSON.stringify(body), {})).status).toBe(201);
  }
  if (kind === 'hostile') {
    // The key identifier in the request is not the identifier of the attested key.
    const { challenge } = await backend.issueChallenge({ purpose: 'attestation' });
    const body = await device.capacitor.createAttestation({ keyId, challenge });
    const other = Buffer.alloc(32, index).toString('base64');
    expect((await send(registration, JSON.stringify({ ...body, keyId: other }), {})).status).toBe(401);
  }
  return { device, keyId, kind, code: code[kind] };
}

async function order({ device, keyId, kind }: Installation): Promise<number> {
  if (kind === 'old') return (await send(orders, BODY, {})).status;
  const { challenge } = await backend.issueChallenge({ purpose: 'assertion' });
  const target = kind === 'broken' ? '/order' : '/orders';
  const headers = await signedHeaders(device, keyId, { method: 'POST', target, challenge, body: BODY });
  return (await send(orders, BODY, { ...headers, 'x-app-build': '1200' })).status;
}

it('a rollout over 1000 devices rejects no genuine device, and the metrics count every request', async () => {
  const installations: Installation[] = [];
  for (let index = 0; index < DEVICES; index += 1) installations.push(await install(index));
  expect(await counted()).toEqual({
    'accepted registration': 933,
    'refused registration key_id_mismatch': 33,
  });

  const phases: { old: Mode; share: number }[] = [
    { old: 'report', share: 0 },
    { old: 'report', share: 0.5 },
    { old: 'report', share: 1 },
    { old: 'enforce', share: 1 },
    { old: 'report', share: 0 },
  ];
  for (const phase of phases) {
    Object.assign(rollout, phase);
    const expected: Record<string, number> = {};
    for (const installation of installations) {
      const { kind, keyId, code } = installation;
      const mode = kind === 'old' ? phase.old : isEnforced(keyId) ? 'enforce' : 'report';
      const isRefused = code !== undefined && mode === 'enforce';
      expect(await order(installation)).toBe(isRefused ? 401 : 200);
      const label =
        code === undefined ? 'accepted protected' : `${isRefused ? 'refused' : 'reported'} protected ${code}`;
      expected[label] = (expected[label] ?? 0) + 1;
    }
    expect(expected['accepted protected']).toBe(900);
    expect(await counted()).toEqual(expected);
  }
}, 180_000);
