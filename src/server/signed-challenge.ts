import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ChallengeRecord } from './challenge-store.js';

// A signed challenge has 32 bytes:
//
//   offset  bytes  content
//        0     16  the first half of HMAC-SHA-256 over the label, the fields below, and the user as UTF-8
//       16      4  bit 31: the challenge registers a key; bit 30: it was issued for a user; the other bits: lifetime in milliseconds
//       20      6  the time of issue, in milliseconds since 1970
//       26      6  random bytes, so that two challenges of the same millisecond differ
//
// Integers are unsigned and big-endian. All fields before the user have a fixed length, so different fields or users
// never give the same input of the HMAC.

const MAC_LENGTH = 16;
const FIELDS_LENGTH = 16;
const RANDOM_LENGTH = 6;
const CHALLENGE_LENGTH = MAC_LENGTH + FIELDS_LENGTH;

const FOR_ATTESTATION = 2 ** 31;
const FOR_USER = 2 ** 30;

/** Separates these HMACs from those of other programs that use the same secret. */
const LABEL = 'app-attest signed challenge 1\0';

/** Prepares a secret for {@link signChallenge} and {@link readSignedChallenge}. */
export function challengeSecret(secret: Uint8Array): KeyObject {
  return createSecretKey(secret);
}

/** Creates a challenge as 43 characters of base64url. */
export function signChallenge(secret: KeyObject, { purpose, subject, issuedAt, expiresAt }: ChallengeRecord): string {
  const start = issuedAt?.getTime() ?? Date.now();
  const flags = (purpose === 'attestation' ? FOR_ATTESTATION : 0) + (subject === undefined ? 0 : FOR_USER);
  const fields = Buffer.alloc(FIELDS_LENGTH);
  fields.writeUInt32BE(flags + (expiresAt.getTime() - start), 0);
  fields.writeUIntBE(start, 4, 6);
  randomBytes(RANDOM_LENGTH).copy(fields, 10);
  return Buffer.concat([mac(secret, fields, subject), fields]).toString('base64url');
}

/** Returns whether a challenge states that it was issued for a user. The challenge is not verified. */
export function statesUser(challenge: string): boolean {
  return fieldsOf(challenge).isForUser;
}

/**
 * Verifies a challenge. Returns `undefined` if no secret signed it for this user. A challenge that was issued without a user is
 * valid for every user.
 */
export function readSignedChallenge(
  secrets: readonly KeyObject[],
  challenge: string,
  user: string | undefined,
): ChallengeRecord | undefined {
  const { bytes, isForUser, isForAttestation, lifetime, issuedAt } = fieldsOf(challenge);
  // The last character has two unused bits. Without this check, each challenge would have four texts, and each of these texts
  // would be valid once.
  if (bytes.length !== CHALLENGE_LENGTH || bytes.toString('base64url') !== challenge) return undefined;
  if (isForUser && user === undefined) return undefined;
  const subject = isForUser ? user : undefined;
  const presented = bytes.subarray(0, MAC_LENGTH);
  const isSigned = secrets.some((secret) =>
    timingSafeEqual(mac(secret, bytes.subarray(MAC_LENGTH), subject), presented),
  );
  if (!isSigned) return undefined;
  return {
    purpose: isForAttestation ? 'attestation' : 'assertion',
    subject,
    issuedAt: new Date(issuedAt),
    expiresAt: new Date(issuedAt + lifetime),
  };
}

/** @param challenge 43 characters of base64url */
function fieldsOf(challenge: string) {
  const bytes = Buffer.from(challenge, 'base64url');
  const flags = bytes.readUInt32BE(MAC_LENGTH);
  return {
    bytes,
    isForAttestation: flags >= FOR_ATTESTATION,
    isForUser: flags % FOR_ATTESTATION >= FOR_USER,
    lifetime: flags % FOR_USER,
    issuedAt: bytes.readUIntBE(MAC_LENGTH + 4, 6),
  };
}

function mac(secret: KeyObject, fields: Uint8Array, subject: string | undefined): Buffer {
  const hmac = createHmac('sha256', secret).update(LABEL).update(fields);
  if (subject !== undefined) hmac.update(subject);
  return hmac.digest().subarray(0, MAC_LENGTH);
}
