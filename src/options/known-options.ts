import { AppAttestError, shortText } from '../errors.js';

/**
 * The options of a function by name, and whether `undefined` may be passed for them. The types decide which: an option
 * typed `| undefined` may be undefined, and is then as good as left out. One whose absence would check less is not typed
 * so: `undefined`, from a lookup that found nothing, must not turn a check off.
 */
export type KnownOptions<Options> = {
  readonly [Name in keyof Required<Options>]: undefined extends Required<Options>[Name]
    ? 'may be undefined'
    : 'never undefined';
};

/**
 * Checks the names of the options that a caller passed: a misspelt option must not turn into a check that never runs.
 *
 * @param caller The function or option that takes them, for the message
 * @throws AppAttestError `invalid_argument`
 */
export function assertKnownOptions<Options>(caller: string, options: unknown, known: KnownOptions<Options>): void {
  if (typeof options !== 'object' || options === null) {
    throw new AppAttestError('invalid_argument', `the options of ${caller} must be an object`);
  }
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, name)) {
      throw new AppAttestError('invalid_argument', `${caller} has no option ${shortText(name)}`);
    }
    if (value === undefined && known[name as keyof typeof known] === 'never undefined') {
      throw new AppAttestError('invalid_argument', `the option ${name} of ${caller} is undefined`);
    }
  }
}
