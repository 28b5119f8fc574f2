import { expect, it } from 'vitest';
import { acceptCounter, type CounterWindow, newWindow } from '../../src/server/counter-window.js';

// What is accepted, the conformance cases say; here is what is kept.
it('keeps 64 bits however many counters it has seen', () => {
  let state: CounterWindow | undefined = newWindow(0);
  for (let counter = 1; counter <= 1000 && state; counter += 1) {
    state = acceptCounter(state, counter, 0);
    expect(state?.highest).toBe(counter);
    expect(state?.seen).toBeLessThan(1n << 64n);
  }
});
