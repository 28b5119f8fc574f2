import { setImmediate } from 'node:timers';

/** Runs a function when the event loop has come round. Taken when the module loads: fake timers must not stop verification. */
export const afterThisTurn = setImmediate;
