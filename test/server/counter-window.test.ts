import { expect, it } from 'vitest';
import { acceptCounter, type CounterWindow, newWindow } from '../../src/server/counter-window.js';

// The conformance cases test which counters are accepted. This test checks the size of the stored window.
it('a counter window keeps at most 64 bits, regardless of the number of counters', () => {
  let state: CounterWindow | undefined = newWindow(0);
  for (let counter = 1; counter <= 1000 && state; counter += 1) {
    state = acceptCounter(state, counter, 0);
    expect(state?.highest).toBe(counter);
    expect(state?.seen).toBeLessThan(1n << 64n);
  }
});
