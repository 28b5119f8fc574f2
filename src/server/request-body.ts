import { equalBytes, isBytes } from '../encoding/bytes.js';
import { DecodingError } from '../encoding/decoding-error.js';
import { AppAttestError, shortText } from '../errors.js';
import { APP_ATTEST_FORMAT } from './formats.js';

/**
 * The body of a request, as `@capgo/capacitor-app-attest` sends it. Each method reads one field and checks its type.
 * Unknown fields are ignored.
 */
export class RequestBody {
  readonly #body: object;

  /** @throws DecodingError */
  constructor(body: unknown) {
    if (typeof body !== 'object' || body === null) throw new DecodingError('it is not a JSON object');
    this.#body = body;
  }

  /**
   * Checks the fields `platform` and `format`. The plugin always sends them. Other clients may omit them.
   *
   * @throws AppAttestError `unsupported_format` if a field names another platform or format
   * @throws DecodingError
   */
  assertAppleAppAttest(): void {
    const platform = this.#optional('platform', isText);
    const format = this.#optional('format', isText);
    if ((platform ?? 'ios') === 'ios' && (format ?? APP_ATTEST_FORMAT) === APP_ATTEST_FORMAT) return;
    throw new AppAttestError('unsupported_format', 'the evidence is not from App Attest on iOS', {
      expected: `ios, ${APP_ATTEST_FORMAT}`,
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
   * Reads the field `token`, or the field with the legacy name if `token` is absent. The plugin's legacy methods send both
   * fields. If both fields are present, their values must be equal.
   *
   * @throws DecodingError
   */
  token(legacyName: 'attestation' | 'assertion'): string | Uint8Array {
    const token = this.#optional('token', isTextOrBytes);
    const legacy = this.#optional(legacyName, isTextOrBytes);
    if (token !== undefined && legacy !== undefined && !isSame(token, legacy)) {
      throw new DecodingError(`the fields token and ${legacyName} differ`);
    }
    return this.#required('token', token ?? legacy);
  }

  #required<Value>(name: string, value: Value | undefined): Value {
    if (value === undefined) throw new DecodingError(`the field ${name} is missing`);
    return value;
  }

  #optional<Value>(name: string, hasType: (value: unknown) => value is Value): Value | undefined {
    const value: unknown = Reflect.get(this.#body, name);
    if (value === undefined || value === null) return undefined;
    if (hasType(value)) return value;
    throw new DecodingError(`the field ${name} has the wrong type`);
  }
}

function isText(value: unknown): value is string {
  // A lone surrogate has no UTF-8 encoding. Two different texts with lone surrogates could encode to the same bytes.
  return typeof value === 'string' && !/\p{Surrogate}/u.test(value);
}

function isTextOrBytes(value: unknown): value is string | Uint8Array {
  return isText(value) || isBytes(value);
}

function isSame(a: string | Uint8Array, b: string | Uint8Array): boolean {
  return isBytes(a) && isBytes(b) ? equalBytes(a, b) : a === b;
}

/**
 * Reads a request body.
 *
 * @throws AppAttestError with the given code if the body cannot be decoded
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
