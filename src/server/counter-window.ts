/**
 * The maximum `counterWindow`. For each key, a store keeps this many bits: one bit for each of the counters directly below the
 * highest accepted counter.
 */
export const MAX_COUNTER_WINDOW = 64;

/** The accepted counters of a key. */
export interface CounterWindow {
  /** The highest accepted counter. */
  readonly highest: number;
  /** {@link MAX_COUNTER_WINDOW} bits. Bit n is set if the counter `highest - 1 - n` was accepted, or is treated as used. */
  readonly seen: bigint;
}

const ALL_SEEN = (1n << BigInt(MAX_COUNTER_WINDOW)) - 1n;

/**
 * Returns the window of a key at registration. The counter is 0 for a new key, and may be higher for a key that was migrated
 * from another library. This counter and all lower counters are treated as used, because a migrated key may have used them.
 */
export function newWindow(counter: number): CounterWindow {
  return { highest: counter, seen: ALL_SEEN };
}

/**
 * Accepts or rejects a counter with the anti-replay window of RFC 4303 §3.4.3. Returns the new window, or `undefined` if the
 * counter is rejected.
 *
 * The function keeps all bits regardless of `window`. If the server later uses a larger window, counters that were accepted
 * before are still rejected.
 *
 * @param window How far a counter may be below the highest accepted counter. 0 accepts only higher counters
 */
export function acceptCounter(
  { highest, seen }: CounterWindow,
  counter: number,
  window: number,
): CounterWindow | undefined {
  if (counter > highest) {
    const ahead = counter - highest;
    const shifted = ahead > MAX_COUNTER_WINDOW ? 0n : ((seen << 1n) | 1n) << BigInt(ahead - 1);
    return { highest: counter, seen: BigInt.asUintN(MAX_COUNTER_WINDOW, shifted) };
  }
  const behind = highest - counter;
  if (behind === 0 || behind > window) return undefined;
  const bit = 1n << BigInt(behind - 1);
  return (seen & bit) === 0n ? { highest, seen: seen | bit } : undefined;
}

/**
 * Returns the lower bound for `verifyAssertion`: a signed counter must be greater. Without a window, the bound is the highest
 * accepted counter. With a window, the bound is the first counter below the window, but at least 0. `KeyStore.advance` then
 * accepts or rejects counters in the window.
 */
export function counterFloor(highest: number, window: number): number {
  return window === 0 ? highest : Math.max(0, highest - window - 1);
}
