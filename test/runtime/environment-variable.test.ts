import { afterEach, expect, it, vi } from 'vitest';
import { environmentVariable } from '../../src/runtime/environment-variable.js';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

it('environmentVariable returns a variable of the process, or undefined if the variable is not set', () => {
  vi.stubEnv('APP_ATTEST_VIRTUAL', 'allow');
  expect(environmentVariable('APP_ATTEST_VIRTUAL')).toBe('allow');
  vi.stubEnv('APP_ATTEST_VIRTUAL', undefined);
  expect(environmentVariable('APP_ATTEST_VIRTUAL')).toBeUndefined();
});

it.each([
  ['there is no process', undefined],
  ['the process is null', null],
  ['the process has no environment', {}],
  ['the environment is null', { env: null }],
  ['the environment is text', { env: 'NODE_ENV' }],
  ['the environment does not contain the variable', { env: {} }],
  ['the variable is not text', { env: { NODE_ENV: 1 } }],
  ['the variable is inherited', { env: Object.create({ NODE_ENV: 'test' }) }],
])('environmentVariable returns undefined if %s', (_, process) => {
  vi.stubGlobal('process', process);
  const found = environmentVariable('NODE_ENV');
  vi.unstubAllGlobals();
  expect(found).toBeUndefined();
});
