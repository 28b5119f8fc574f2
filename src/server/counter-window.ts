/** The widest `counterWindow`, and the number of counters behind the highest that every store remembers. */
export const MAX_COUNTER_WINDOW = 64;

/** Which counters of a key were accepted. */
export interface CounterWindow {
  /** The highest of them. */
  readonly highest: number;
  /** Bit n is set where `highest - 1 - n` was accepted too: {@link MAX_COUNTER_WINDOW} bits. */
  readonly seen: bigint;
}

const ALL_SEEN = (1n << BigInt(MAX_COUNTER_WINDOW)) - 1n;

/**
 * The window of a key when it is registered: whatever counters led up to its own, 0 for a new key, are used up. A key
 * that another library kept has accepted some of them.
 */
export function newWindow(counter: number): CounterWindow {
  return { highest: counter, seen: ALL_SEEN };
}

/**
 * The anti-replay window of RFC 4303 §3.4.3: what it is after a counter, `undefined` where the counter is refused.
 *
 * The bits are kept whatever the window is, so that a window that is widened later refuses what was accepted before.
 *
 * @param window How far behind the highest a counter may be that was not accepted before; 0 for none
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
 * The counter that a signed one must exceed to have a chance: the highest without a window, and with one the last that
 * lies behind its edge. What is inside the window, `KeyStore.advance` decides.
 */
export function counterFloor(highest: number, window: number): number {
  return window === 0 ? highest : Math.max(0, highest - window - 1);
}
