import { AppAttestError, shortText } from '../errors.js';

/**
 * The options of a function by name, and whether each may be `undefined`. The type of the option decides: an option with
 * `| undefined` in its type may be undefined, which means the same as omitting it. The type does not allow `undefined` if
 * the function would check less without the option: a lookup that found nothing must not turn off a check.
 */
export type KnownOptions<Options> = {
  readonly [Name in keyof Required<Options>]: undefined extends Required<Options>[Name]
    ? 'may be undefined'
    : 'never undefined';
};

/**
 * Reads the options that a caller passed, and checks their names, not their values. A check must not be skipped because an
 * option is misspelt, a promise was not awaited, or the values are inherited.
 *
 * @param caller The function or option that has these options, for the error message
 * @returns a copy, for which each option was read once. It has no prototype, so a polluted `Object.prototype` cannot add
 *   options
 * @throws AppAttestError `invalid_argument`
 */
export function readKnownOptions<Options>(
  caller: string,
  options: unknown,
  known: KnownOptions<Options>,
): Readonly<Options> {
  if (!isPlainObject(options)) {
    throw new AppAttestError('invalid_argument', `the options of ${caller} must be a plain object`);
  }
  const copy = Object.create(null);
  for (const name of Reflect.ownKeys(options)) {
    if (!isKnown(name, known)) {
      throw new AppAttestError('invalid_argument', `${caller} has no option ${shortText(String(name))}`);
    }
    const value: unknown = Reflect.get(options, name);
    if (value === undefined && known[name] === 'never undefined') {
      throw new AppAttestError('invalid_argument', `the option ${name} of ${caller} is undefined`);
    }
    copy[name] = value;
  }
  return copy;
}

function isKnown<Options>(name: string | symbol, known: KnownOptions<Options>): name is keyof Options & string {
  return Object.hasOwn(known, name);
}

/** An object literal, possibly of another realm (`node:vm`, Jest), or an object without a prototype. */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || isObjectPrototype(prototype);
}

/** Whether this is the `Object.prototype` of some realm: it has no prototype, and has the methods itself. */
function isObjectPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}
