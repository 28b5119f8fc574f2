import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import express from 'express';
import { afterAll, describe, expect, it } from 'vitest';
import { observeDecisions } from '../../examples/opentelemetry.js';
import { expressHandlers } from '../../src/http/express.js';
import { createBackend, createDevice } from '../support/backend.js';
import { Client } from '../support/http-client.js';
import { serveNode } from '../support/http-servers.js';

const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 });
const meterProvider = new MeterProvider({ readers: [reader] });
const spanExporter = new InMemorySpanExporter();
const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spanExporter)] });
metrics.setGlobalMeterProvider(meterProvider);
trace.setGlobalTracerProvider(tracerProvider);
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const stop = observeDecisions();
const backend = createBackend();
const app = express();
const { challenge, registration, protect } = expressHandlers(backend);
// Starts a span, like the instrumentation of node:http. The span is active during the request, and ends at the event `close`.
app.use((request, response, next) => {
  const span = trace.getTracer('test').startSpan(`${request.method} ${request.path}`);
  response.once('close', () => span.end());
  context.with(trace.setSpan(context.active(), span), next);
});
app.post('/challenge', challenge);
app.post('/registration', registration);
app.post('/orders', protect, (_request, response) => {
  response.json({});
});
const reporting = expressHandlers(backend, { mode: 'report' });
app.post('/report', reporting.protect, (_request, response) => {
  response.json({});
});
const server = await serveNode(app);

afterAll(async () => {
  stop();
  await server.close();
  await meterProvider.shutdown();
  await tracerProvider.shutdown();
});

describe('the example for OpenTelemetry', () => {
  it('counts decisions, measures their duration, and adds each decision to the span of its request', async () => {
    const client = new Client(server.origin, await createDevice());
    await client.register();
    const headers = await client.sign('POST', '/orders', '{}');
    expect((await client.post('/orders', '{}', headers)).status).toBe(200);
    expect((await client.post('/orders', '{}', headers)).status).toBe(401);
    expect((await client.post('/report', '{}', {})).status).toBe(200);
    await expect.poll(() => spanExporter.getFinishedSpans().length).toBe(6);

    await meterProvider.forceFlush();
    const [exported] = metricExporter.getMetrics();
    const byName = new Map(
      exported?.scopeMetrics.flatMap((scope) => scope.metrics).map((one) => [one.descriptor.name, one]),
    );
    const counted = byName
      .get('app_attest.decisions')
      ?.dataPoints.map(({ attributes, value }) => [Object.values(attributes).join(' '), value]);
    expect(counted).toEqual([
      ['accepted challenge', 2],
      ['accepted registration production', 1],
      ['accepted protected production', 1],
      ['refused protected challenge_used', 1],
      ['reported protected assertion_missing', 1],
    ]);
    const durations = byName.get('app_attest.decision.duration');
    expect(durations?.descriptor.unit).toBe('s');
    const histograms = durations?.dataPoints.map(({ value }) => value as { count: number; sum: number });
    expect(histograms?.reduce((total, { count }) => total + count, 0)).toBe(6);
    for (const { sum } of histograms ?? []) expect(sum).toBeLessThan(20);

    const events = spanExporter.getFinishedSpans().map(({ name, events: [event, ...more] }) => {
      expect(more).toEqual([]);
      return [name, event?.name, event?.attributes?.['app_attest.outcome'], event?.attributes?.['app_attest.reason']];
    });
    const decided = 'app_attest.decision';
    expect(events).toEqual([
      ['POST /challenge', decided, 'accepted', undefined],
      ['POST /registration', decided, 'accepted', undefined],
      ['POST /challenge', decided, 'accepted', undefined],
      ['POST /orders', decided, 'accepted', undefined],
      ['POST /orders', decided, 'refused', 'the challenge was already used'],
      ['POST /report', decided, 'reported', expect.stringContaining('no assertion')],
    ]);
  });

  it('adds no more events to spans after it is stopped', async () => {
    stop();
    const before = spanExporter.getFinishedSpans().length;
    await fetch(`${server.origin}/orders`, { method: 'POST' });
    await expect.poll(() => spanExporter.getFinishedSpans().length).toBe(before + 1);
    expect(spanExporter.getFinishedSpans().at(-1)?.events).toEqual([]);
  });
});
