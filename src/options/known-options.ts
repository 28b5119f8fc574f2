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
 * Reads the options that a caller passed: a misspelt option, a promise that nobody awaited, or an instance whose values are
 * inherited must not turn into a check that never runs. Only the names are checked here, not the values.
 *
 * @param caller The function or option that takes them, for the message
 * @returns a copy, for which each option was read once. It has no prototype: what is not in it is `undefined`, whatever
 *   has become of `Object.prototype`
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

/** An object literal, also one of another realm (`node:vm`, Jest), or an object without a prototype. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || isObjectPrototype(prototype);
}

/** Whether it is the `Object.prototype` of its realm: nothing is above it, and it has the methods of one itself. */
function isObjectPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}
