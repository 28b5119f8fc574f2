import type { Cause } from '../explanation.js';
import { certain, likely, possible } from './certainty.js';

/** Explains an assertion whose counter is not greater than the stored counter. */
export function counterCauses(counter: number, stored: number): Cause[] {
  if (counter === 0) {
    return [
      likely(
        'The counter is 0, but a device counts from 1: no device created this assertion.',
        'Reject the request, or count from 1 in the code that created this assertion.',
      ),
    ];
  }
  if (counter === stored) {
    return [
      certain(
        `The counter ${counter} is already stored: the same assertion arrived before.`,
        'Send each assertion once: sign a repeated request again in the app, and verify each request once on the server.',
      ),
    ];
  }
  return [
    likely(
      `The counter ${counter} is lower than the stored counter ${stored}: the request was replayed, or it was overtaken by a later one.`,
      'Send signed requests one after the other in the app, or set counterWindow of createAppAttest to accept a few that arrive late.',
    ),
    possible(
      'The stored counter belongs to another key.',
      'Find the counter on the server by the key identifier, not by the user.',
    ),
  ];
}

/** Explains an attestation whose counter is not zero. */
export function usedKeyCauses(counter: number): Cause[] {
  return [
    likely(
      `The counter is ${counter}, but a key that was just attested has signed nothing.`,
      'Reject the request, and let the app attest a new key.',
    ),
  ];
}
