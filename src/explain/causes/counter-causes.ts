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
        'In the app, sign each attempt again with a new challenge; on the server, verify each assertion only once.',
      ),
    ];
  }
  return [
    likely(
      `The counter ${counter} is lower than the stored counter ${stored}: the request was replayed, or a later request arrived first.`,
      'In the app, send signed requests one after the other, or set the option counterWindow of createAppAttest on the server.',
    ),
    possible(
      'The stored counter belongs to another key.',
      'On the server, look up the counter by the key identifier, not by the user.',
    ),
  ];
}

/** Explains an attestation whose counter is not zero. */
export function usedKeyCauses(counter: number): Cause[] {
  return [
    likely(
      `The counter is ${counter}, but the counter of a newly attested key is 0.`,
      'Reject the request, and let the app attest a new key.',
    ),
  ];
}
