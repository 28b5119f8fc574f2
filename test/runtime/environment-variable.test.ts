import { afterEach, expect, it, vi } from 'vitest';
import { environmentVariable } from '../../src/runtime/environment-variable.js';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

it('returns a variable of the process', () => {
  vi.stubEnv('APP_ATTEST_VIRTUAL', 'allow');
  expect(environmentVariable('APP_ATTEST_VIRTUAL')).toBe('allow');
  vi.stubEnv('APP_ATTEST_VIRTUAL', undefined);
  expect(environmentVariable('APP_ATTEST_VIRTUAL')).toBeUndefined();
});

it.each([
  ['no process', undefined],
  ['null as the process', null],
  ['no environment', {}],
  ['null as the environment', { env: null }],
  ['text as the environment', { env: 'NODE_ENV' }],
  ['no such variable', { env: {} }],
  ['a variable that is not text', { env: { NODE_ENV: 1 } }],
  ['an inherited variable', { env: Object.create({ NODE_ENV: 'test' }) }],
])('returns undefined with %s', (_, process) => {
  vi.stubGlobal('process', process);
  const found = environmentVariable('NODE_ENV');
  vi.unstubAllGlobals();
  expect(found).toBeUndefined();
});
