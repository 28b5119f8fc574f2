import type { TestProject } from 'vitest/node';
import { listCoreTests } from './core-tests.js';
import type { Runtime } from './runtime.js';

declare module 'vitest' {
  interface ProvidedContext {
    runtime: Runtime;
    coreTests: readonly string[];
  }
}

/** Once before the matrix: what must run on each runtime. */
export async function setup(project: TestProject): Promise<void> {
  project.provide('coreTests', await listCoreTests());
}
