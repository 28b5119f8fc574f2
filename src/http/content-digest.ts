import { encodeBase64 } from '../encoding/base64.js';
import { equalBytes, sha256 } from '../encoding/bytes.js';
import { AppAttestHttpError } from './http-error.js';

/** The header `Content-Digest` of a request (RFC 9530 §2). */
export interface ContentDigest {
  /** The value of the header, exactly as sent. The app signed this text. */
  readonly value: string;
  /** The SHA-256 digest in the header, 32 bytes. */
  readonly sha256: Uint8Array;
}

const MAX_LENGTH = 1024;

/** A member of the header's dictionary: a Byte Sequence without parameters (RFC 8941 §3.1.2, §3.2, §3.3.5). */
const MEMBER = /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):$/;

/** Optional white space around the commas of a dictionary (OWS, RFC 9110 §5.6.3). */
const WHITE_SPACE_AROUND = /^[ \t]+|[ \t]+$/g;

/** Computes the value of `Content-Digest` for a body: `sha-256=:…base64…:`. */
export function contentDigestOf(bytes: Uint8Array): string {
  return `sha-256=:${encodeBase64(sha256(bytes))}:`;
}

/** The digest of an empty body. The app signs this value if the request has no body and no `Content-Digest`. */
export const DIGEST_OF_NOTHING: ContentDigest = {
  value: contentDigestOf(new Uint8Array()),
  sha256: sha256(new Uint8Array()),
};

/**
 * Parses the header strictly. The value must be a dictionary of Byte Sequences in which each algorithm occurs once. The value
 * may contain digests of other algorithms, but only the SHA-256 digest is compared with the body.
 *
 * @throws AppAttestHttpError `malformed_request`
 */
export function readContentDigest(value: string): ContentDigest {
  if (value.length > MAX_LENGTH) throw malformed(`is longer than ${MAX_LENGTH} characters`);
  const digests = new Map<string, Uint8Array>();
  for (const part of value.split(',')) {
    const [, algorithm, base64] = MEMBER.exec(part.replace(WHITE_SPACE_AROUND, '')) ?? [];
    if (algorithm === undefined || base64 === undefined) throw malformed('must have the form sha-256=:…base64…:');
    if (digests.has(algorithm)) throw malformed('has two digests for the same algorithm');
    const bytes = Buffer.from(base64, 'base64');
    if (bytes.toString('base64') !== base64) throw malformed('has a digest that is not canonical base64');
    digests.set(algorithm, bytes);
  }
  const digest = digests.get('sha-256');
  if (digest === undefined) throw malformed('has no sha-256 digest');
  if (digest.length !== 32) throw malformed(`must have a sha-256 digest of 32 bytes, not ${digest.length}`);
  return { value, sha256: digest };
}

/** Returns whether a text is a valid value of `Content-Digest`. */
export function isContentDigest(text: string): boolean {
  try {
    readContentDigest(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param computed The SHA-256 digest of the body that arrived
 * @throws AppAttestHttpError `request_mismatch`
 */
export function assertDigestMatches(digest: ContentDigest, computed: Uint8Array): void {
  if (equalBytes(computed, digest.sha256)) return;
  throw digest === DIGEST_OF_NOTHING ? digestMissing() : mismatch();
}

/** Creates the error for a request that has a body but no `Content-Digest`. */
export function digestMissing(): AppAttestHttpError {
  return new AppAttestHttpError('request_mismatch', 'the request has a body, but the header Content-Digest is missing');
}

function mismatch(): AppAttestHttpError {
  return new AppAttestHttpError(
    'request_mismatch',
    'the SHA-256 digest of the body differs from the digest in the header Content-Digest',
  );
}

function malformed(problem: string): AppAttestHttpError {
  return new AppAttestHttpError('malformed_request', `the header Content-Digest ${problem}`);
}
