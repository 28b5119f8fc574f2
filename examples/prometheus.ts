import { subscribe } from 'node:diagnostics_channel';
import { IncomingMessage } from 'node:http';
import type { Decision } from 'app-attest/http';
import express from 'express';
import { Counter, Histogram, Registry } from 'prom-client';

export const registry = new Registry();
const registers = [registry];

const decisions = new Counter({
  name: 'app_attest_decisions_total',
  help: 'Decisions about requests.',
  labelNames: ['outcome', 'route', 'code', 'environment', 'build'],
  registers,
});

const duration = new Histogram({
  name: 'app_attest_decision_duration_seconds',
  help: 'Time from the arrival of a request to the decision.',
  labelNames: ['outcome', 'route'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  registers,
});

/** The label `build`. Clients can send any value in the header, so the function converts the value to one of two texts. */
function buildOf(request: unknown): 'signing' | 'old' {
  const build = request instanceof IncomingMessage ? Number(request.headers['x-app-build']) : 0; // with Express
  return build >= 1200 ? 'signing' : 'old';
}

subscribe('app-attest:decision', (message) => {
  const { outcome, route, code = '', environment = '', duration: milliseconds, request } = message as Decision;
  decisions.inc({ outcome, route, code, environment, build: buildOf(request) });
  duration.observe({ outcome, route }, milliseconds / 1000);
});

/** Serves the metrics to Prometheus. Listen on a port that is not reachable from the internet. */
export const metrics = express();
metrics.get('/metrics', async (_request, response) => {
  response.type(registry.contentType).send(await registry.metrics());
});
