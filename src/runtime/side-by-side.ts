/**
 * Waits for two operations that are in progress at the same time. If both fail, the error of the first is thrown, regardless of
 * which one failed earlier. The error of the second is then not reported as an unhandled rejection.
 */
export function sideBySide<First, Second>(first: Promise<First>, second: Promise<Second>): Promise<[First, Second]> {
  second.catch(() => undefined);
  return first.then((one) => second.then((other): [First, Second] => [one, other]));
}
