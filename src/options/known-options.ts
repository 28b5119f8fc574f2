import { AppAttestError, shortText } from '../errors.js';

/**
 * All options of a function, and whether each option may be `undefined`. An option may be `undefined` only if its type
 * contains `| undefined`. Then `undefined` means the same as omitting the option. The type must not contain `undefined` if
 * the function checks less without the option. Otherwise an `undefined` result of a database lookup would turn off a check.
 */
export type KnownOptions<Options> = {
  readonly [Name in keyof Required<Options>]: undefined extends Required<Options>[Name]
    ? 'may be undefined'
    : 'never undefined';
};

/**
 * Copies the options that a caller passed, and checks their names. Values are not checked here, except for `undefined`.
 * Misspelt options, a promise instead of an object, and inherited options are errors, because a check would otherwise be
 * skipped.
 *
 * @param caller The function or option that has these options, for the error message
 * @returns a copy of the options. Each option is read only once. The copy has no prototype, so a polluted
 *   `Object.prototype` cannot add options
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

/**
 * Whether a value is an object literal or an object without a prototype. The object may come from another realm (`node:vm`,
 * Jest).
 */
export function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  return prototype === null || isObjectPrototype(prototype);
}

/**
 * Whether an object is the `Object.prototype` of any realm. Such an object has no prototype, and has its own method
 * `isPrototypeOf`.
 */
function isObjectPrototype(prototype: object): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf');
}
