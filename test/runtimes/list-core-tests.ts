import type { TestProject } from 'vitest/node';
import { listCoreTests } from './core-tests.js';
import type { Runtime } from './runtime.js';

declare module 'vitest' {
  interface ProvidedContext {
    runtime: Runtime;
    coreTests: readonly string[];
  }
}

/** Lists, once for all runtimes, the tests that each runtime must run. */
export async function setup(project: TestProject): Promise<void> {
  project.provide('coreTests', await listCoreTests());
}
