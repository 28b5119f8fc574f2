/** The maximum `counterWindow`, and how many counters behind the highest every store remembers. */
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
 * The window of a key at registration. Its counter (0 for a new key) and all counters below it count as used: a key
 * that was migrated from another library may have used any of them.
 */
export function newWindow(counter: number): CounterWindow {
  return { highest: counter, seen: ALL_SEEN };
}

/**
 * The anti-replay window of RFC 4303 §3.4.3. Returns the window after a counter was accepted; `undefined` if the
 * counter is rejected.
 *
 * All bits are kept regardless of `window`, so that a window that is widened later rejects counters accepted before.
 *
 * @param window How far behind the highest an unused counter may be; 0 for none
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
 * The counter that a signed one must exceed: the highest counter, or with a window the last one behind the window.
 * `KeyStore.advance` decides about counters inside the window.
 */
export function counterFloor(highest: number, window: number): number {
  return window === 0 ? highest : Math.max(0, highest - window - 1);
}
