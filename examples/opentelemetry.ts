import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { metrics, trace } from '@opentelemetry/api';
import type { Decision } from 'app-attest/http';

/** Counts each decision of the process, and adds it to the active span. Returns a function that ends the observation. */
export function observeDecisions(): () => void {
  const meter = metrics.getMeter('app-attest');
  const decisions = meter.createCounter('app_attest.decisions', { description: 'Decisions about requests' });
  const duration = meter.createHistogram('app_attest.decision.duration', {
    description: 'Time from the arrival of a request to the decision',
    unit: 's',
    advice: { explicitBucketBoundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5] },
  });

  const observe = (message: unknown): void => {
    const decision = message as Decision;
    // Each label has few values. With a label whose values clients choose, the number of time series would be unlimited.
    const labels = {
      'app_attest.outcome': decision.outcome,
      'app_attest.route': decision.route,
      ...(decision.code && { 'app_attest.code': decision.code }),
      ...(decision.environment && { 'app_attest.environment': decision.environment }),
    };
    decisions.add(1, labels);
    duration.record(decision.duration / 1000, {
      'app_attest.outcome': decision.outcome,
      'app_attest.route': decision.route,
    });

    const span = trace.getActiveSpan();
    if (span?.isRecording()) span.addEvent('app_attest.decision', { ...labels, ...reason(decision) });
  };
  subscribe('app-attest:decision', observe);
  return () => unsubscribe('app-attest:decision', observe);
}

function reason({ keyId, error }: Decision): Record<string, string> {
  return { ...(keyId && { 'app_attest.key_id': keyId }), ...(error && { 'app_attest.reason': error.message }) };
}
