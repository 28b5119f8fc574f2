import { AppAttestError, shortText } from '../errors.js';
import { isPlainObject } from '../options/known-options.js';

/** The `format` of App Attest. Only the server itself verifies evidence of this format. */
export const APP_ATTEST_FORMAT = 'apple-app-attest';

interface EvidenceOfFormat {
  /** The request body, as the client sent it. Nothing in it is verified. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The option `subject` of `register` or `authenticate`. */
  readonly subject?: string;
}

/** A registration with evidence of another format. Its challenge was issued by this server, and is now used up. */
export interface RegistrationOfFormat extends EvidenceOfFormat {
  /** The field `challenge` of the body, which contains the challenge. The evidence must cover exactly this text. */
  readonly challenge: string;
  /** Absent: a registration has no payload. */
  readonly payload?: undefined;
}

/** A request with evidence of another format. Its challenge was issued by this server, and is now used up. */
export interface RequestOfFormat extends EvidenceOfFormat {
  /** The field `payload` of the body, which contains the challenge. The evidence must cover exactly this text. */
  readonly payload: string;
  /** Absent: the challenge of a request is in the payload. */
  readonly challenge?: undefined;
}

/** Any object except a promise. A function that returns `Promise<boolean>` is therefore not a {@link FormatVerifier}. */
export type AcceptedEvidence = object & {
  /** Absent, because only a promise has this method. */
  readonly then?: undefined;
};

/**
 * Verifies evidence that is not from App Attest, for example a Play Integrity token. The function accepts the evidence by
 * returning an object, or a promise of one. It rejects the evidence by throwing an `AppAttestError` with a suitable code.
 * Any other error means that the evidence could not be verified, for example because another server is down.
 */
export type FormatVerifier<Result extends AcceptedEvidence = AcceptedEvidence> = (
  evidence: RegistrationOfFormat | RequestOfFormat,
) => Result | Promise<Result>;

/** The functions that verify other formats. The name of each property is a value of the field `format`. */
export type FormatVerifiers<Result extends AcceptedEvidence = AcceptedEvidence> = Readonly<
  Record<string, FormatVerifier<Result>>
>;

/** The type of `formats` if the server accepts only App Attest. A function of this type cannot accept evidence. */
export type NoFormats = FormatVerifiers<never>;

/** The type that the functions in `formats` return. `never` if there are no functions. */
export type FormatResult<Formats extends FormatVerifiers> = Awaited<ReturnType<Formats[keyof Formats]>>;

/**
 * Copies the option `formats`. Names such as `__proto__` are ordinary keys of the copy.
 *
 * @throws AppAttestError `invalid_argument`
 */
export function readFormats<Result extends AcceptedEvidence>(
  formats: FormatVerifiers<Result> = {},
): ReadonlyMap<string, FormatVerifier<Result>> {
  if (!isPlainObject(formats)) throw invalid('formats must be a plain object');
  const verifiers = new Map(Object.entries(formats));
  if (verifiers.has(APP_ATTEST_FORMAT)) {
    throw invalid(`formats must not contain ${APP_ATTEST_FORMAT}, which the server verifies itself`);
  }
  for (const [format, verify] of verifiers) {
    if (typeof verify !== 'function')
      throw invalid(`formats must contain functions, but ${shortText(format)} is not a function`);
  }
  return verifiers;
}

function invalid(message: string): AppAttestError {
  return new AppAttestError('invalid_argument', message);
}
