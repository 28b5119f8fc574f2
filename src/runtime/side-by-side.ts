/**
 * Waits for two operations that are in progress at the same time. If both fail, the error of the first is thrown, regardless of
 * which one failed earlier. The error of the second is then not reported as an unhandled rejection.
 *
 * @param start Starts the second operation. If it throws an error instead of returning a promise, the operation has failed
 */
export function sideBySide<First, Second>(
  first: Promise<First>,
  start: () => Promise<Second>,
): Promise<[First, Second]> {
  const second = new Promise<Second>((resolve) => resolve(start()));
  second.catch(() => undefined);
  return first.then((one) => second.then((other): [First, Second] => [one, other]));
}
