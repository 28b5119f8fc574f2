import { isAsynchronous } from '../runtime/asynchronous.js';
import { storedKeyId } from '../server/find-key.js';
import { AppAttestHttpError } from './http-error.js';

/**
 * The treatment of a protected request that is not attested:
 *
 * - `'enforce'`: The request is rejected.
 * - `'report'`: The request goes through. The handler receives the verdict, and `onDecision` receives the code.
 */
export type Mode = 'enforce' | 'report';

/** Unverified data that a {@link ChooseMode} receives in addition to the framework's request. */
export interface ModeClaims {
  /**
   * The key identifier that the client sent, base64 with padding. `undefined` if the client sent no valid identifier. An attacker
   * can send any identifier. For `protectWithSession`, it is the identifier in the session token, and `undefined`
   * unless `sessions.verify` accepts the token.
   */
  readonly keyId: string | undefined;
}

/**
 * Chooses the mode of a request. The function must be synchronous. If the function throws an error or does not return a mode,
 * the request is rejected with `unavailable`.
 */
export type ChooseMode<Context, Chosen extends Mode = Mode> = (request: Context, claims: ModeClaims) => Chosen;

/** One mode for all requests, or a function that chooses the mode of each request. */
export type ModeOption<Context, Chosen extends Mode = Mode> = Chosen | ChooseMode<Context, Chosen>;

/** The mode of one request. It is chosen once: when the key identifier is known, or when the request could not be read. */
export class RequestMode<Context> {
  readonly #option: ModeOption<Context>;
  readonly #context: Context;
  #mode: Mode | undefined;

  constructor(option: ModeOption<Context>, context: Context) {
    this.#option = option;
    this.#context = context;
  }

  /**
   * @param keyId The key identifier that the client sent
   * @throws AppAttestHttpError `unavailable`: the function returned no mode. If the function throws an error, this method
   * throws the same error. In both cases, the mode is then `'enforce'`
   */
  choose(keyId: unknown): Mode {
    if (this.#mode !== undefined) return this.#mode;
    this.#mode = 'enforce';
    this.#mode = typeof this.#option === 'function' ? this.#ask(this.#option, keyId) : this.#option;
    return this.#mode;
  }

  #ask(chooseMode: ChooseMode<Context>, keyId: unknown): Mode {
    const claims = { keyId: typeof keyId === 'string' ? storedKeyId(keyId) : undefined };
    const mode: unknown = chooseMode(this.#context, claims);
    if (!isAsynchronous(mode) && isMode(mode)) return mode;
    throw new AppAttestHttpError(
      'unavailable',
      "the mode function must be synchronous and return 'enforce' or 'report'",
    );
  }
}

export function isMode(value: unknown): value is Mode {
  return value === 'enforce' || value === 'report';
}
