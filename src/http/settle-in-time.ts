import { AppAttestHttpError } from './http-error.js';

/**
 * What a store or a function in the options gives, or a rejection once it takes too long: a client must get an answer
 * even where a database never does. What was started goes on, and its result is dropped.
 *
 * @param limit Milliseconds
 * @param what For the message
 * @throws AppAttestHttpError `unavailable`
 */
export async function settleInTime<Value>(
  limit: number,
  what: string,
  start: () => Value | PromiseLike<Value>,
): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new AppAttestHttpError('unavailable', `${what} did not settle within ${limit / 1000} seconds`));
    }, limit);
  });
  try {
    return await Promise.race([start(), timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
