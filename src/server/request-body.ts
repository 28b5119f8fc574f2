import { equalBytes, isBytes } from '../encoding/bytes.js';
import { DecodingError } from '../encoding/decoding-error.js';
import { AppAttestError, shortText } from '../errors.js';

/**
 * The body of a request: the JSON of `@capgo/capacitor-app-attest`, or an object with the same entries but without its
 * envelope (`platform`, `format`). Entries are read by name and type.
 */
export class RequestBody {
  readonly #body: object;

  /** @throws DecodingError */
  constructor(body: unknown) {
    if (typeof body !== 'object' || body === null) throw new DecodingError('not a JSON object');
    this.#body = body;
  }

  /**
   * Checks the plugin's `platform` and `format`, which other clients may omit.
   *
   * @throws AppAttestError `unsupported_format` for the plugin's other platforms
   * @throws DecodingError
   */
  assertAppleAppAttest(): void {
    const platform = this.#optional('platform', isText);
    const format = this.#optional('format', isText);
    if ((platform ?? 'ios') === 'ios' && (format ?? 'apple-app-attest') === 'apple-app-attest') return;
    throw new AppAttestError('unsupported_format', 'the evidence is not from App Attest on iOS', {
      expected: 'ios, apple-app-attest',
      actual: [platform, format].map((name) => (name === undefined ? 'nothing' : shortText(name))).join(', '),
    });
  }

  /** @throws DecodingError */
  text(name: string): string {
    return this.#required(name, this.#optional(name, isText));
  }

  /** @throws DecodingError */
  textOrBytes(name: string): string | Uint8Array {
    return this.#required(name, this.#optional(name, isTextOrBytes));
  }

  /**
   * The `token`, under this name or its legacy name. If both are present, they must be equal.
   *
   * @throws DecodingError
   */
  token(legacyName: 'attestation' | 'assertion'): string | Uint8Array {
    const token = this.#optional('token', isTextOrBytes);
    const legacy = this.#optional(legacyName, isTextOrBytes);
    if (token !== undefined && legacy !== undefined && !isSame(token, legacy)) {
      throw new DecodingError(`entries token and ${legacyName} differ`);
    }
    return this.#required('token', token ?? legacy);
  }

  #required<Value>(name: string, value: Value | undefined): Value {
    if (value === undefined) throw new DecodingError(`entry ${name} is missing`);
    return value;
  }

  #optional<Value>(name: string, hasType: (value: unknown) => value is Value): Value | undefined {
    const value: unknown = Reflect.get(this.#body, name);
    if (value === undefined || value === null) return undefined;
    if (hasType(value)) return value;
    throw new DecodingError(`entry ${name} has the wrong type`);
  }
}

function isText(value: unknown): value is string {
  // A lone surrogate has no UTF-8 encoding: different texts with one would have the same bytes.
  return typeof value === 'string' && !/\p{Surrogate}/u.test(value);
}

function isTextOrBytes(value: unknown): value is string | Uint8Array {
  return isText(value) || isBytes(value);
}

function isSame(a: string | Uint8Array, b: string | Uint8Array): boolean {
  return isBytes(a) && isBytes(b) ? equalBytes(a, b) : a === b;
}

/**
 * Reads a body. Throws with the given code if it cannot be decoded.
 *
 * @throws AppAttestError
 */
export function readBody<Value>(
  code: 'malformed_attestation' | 'malformed_assertion',
  body: unknown,
  read: (body: RequestBody) => Value,
): Value {
  try {
    return read(new RequestBody(body));
  } catch (cause) {
    if (!(cause instanceof DecodingError)) throw cause;
    throw new AppAttestError(code, `the request body cannot be decoded: ${cause.message}`, { cause });
  }
}
