import { explainAttestation } from '../../../src/index.js';
import { attestationFixture, attestationOptions } from '../../support/recordings.js';
import { attestationFor, attestationWith, CHALLENGE, key, sha256 } from './genuine.js';
import type { Mistake } from './mistake.js';

const hash = Buffer.from(sha256(CHALLENGE));
const decoded = Buffer.from(CHALLENGE, 'base64');
const HEX_CHALLENGE = '00ff10ab';

const hashed = (
  title: string,
  clientData: string | Uint8Array,
  cause: RegExp,
  challenge: string | Uint8Array = CHALLENGE,
): Mistake => {
  return passed(title, sha256(clientData), cause, challenge);
};
const passed = (
  title: string,
  clientDataHash: Uint8Array,
  cause: RegExp,
  challenge: string | Uint8Array = CHALLENGE,
): Mistake => {
  return { title, explain: () => attestationFor(clientDataHash, { challenge }), code: 'nonce_mismatch', cause };
};

const sample = attestationOptions(attestationFixture('apple-guide-2026'));
const { clientDataHash: _, ...sampleWithout } = sample;

/** Attestations for which the app and the server compute different client data hashes. */
export const challenges: readonly Mistake[] = [
  hashed('decodes the challenge from base64', decoded, /decoded the challenge from base64/),
  hashed(
    'decodes the challenge from hex',
    Buffer.from(HEX_CHALLENGE, 'hex'),
    /decoded the challenge from (hex|base64)/,
    HEX_CHALLENGE,
  ),
  hashed(
    'hashes the text of a challenge that the server has as bytes',
    CHALLENGE,
    /encoded the bytes of the challenge as base64/,
    decoded,
  ),
  hashed(
    'hashes the hex text of a challenge that the server has as bytes',
    decoded.toString('hex'),
    /encoded the bytes of the challenge as hex/,
    decoded,
  ),
  passed('does not hash the challenge', Buffer.from(CHALLENGE), /did not hash the challenge/),
  passed('passes the decoded challenge without hashing it', decoded, /decoded the challenge from base64.*did not hash/),
  passed('hashes the challenge twice', sha256(hash), /hashed the challenge twice/),
  passed('passes the hash as hex text', Buffer.from(hash.toString('hex')), /as hex text/),
  passed('passes the hash as base64 text', Buffer.from(hash.toString('base64')), /as base64 text/),
  hashed(
    'passes the hex text of the hash to a plugin that hashes it again',
    hash.toString('hex'),
    /hex text of the hash/,
  ),
  hashed(
    'passes the base64 text of the hash to a plugin that hashes it again',
    hash.toString('base64'),
    /base64 text of the hash/,
  ),
  hashed('hashes the challenge as a JSON string', JSON.stringify(CHALLENGE), /as a JSON string, in quotes/),
  hashed(
    'hashes JSON with the challenge',
    JSON.stringify({ challenge: CHALLENGE }),
    /the challenge into a JSON object/,
  ),
  hashed('hashes the challenge with a line feed', `${CHALLENGE}\n`, /added a line feed to the end/),
  hashed('hashes an empty text instead of the challenge', '', /an empty text/),
  hashed(
    'reads the challenge from a URL, in which + is decoded as a space',
    CHALLENGE.replaceAll('+', ' '),
    /a space in place of each \+/,
  ),
  hashed(
    'changes the challenge to base64url',
    CHALLENGE.replaceAll('+', '-').replaceAll('/', '_'),
    /from base64 to base64url/,
  ),
  hashed(
    'hashes a UUID in upper case',
    'C0FFEE00-1111-4222-8333-444455556666',
    /upper case/,
    'c0ffee00-1111-4222-8333-444455556666',
  ),
  hashed('hashes the challenge as UTF-16', Buffer.from(CHALLENGE, 'utf16le'), /as UTF-16/),
  {
    title: 'uses the challenge of another request',
    explain: () => attestationFor(sha256('second'), { otherChallenges: ['first', 'second'] }),
    code: 'nonce_mismatch',
    cause: /the challenge "second" of another request/,
  },
  {
    title: 'uses a challenge of its own, and sends this challenge in its JSON',
    explain: async () => {
      const { device, publicKey: _, ...others } = key;
      const keyId = await device.generateKey();
      const token = Buffer.from(await device.attestKey(keyId, sha256('of the app'))).toString('base64');
      const attestation = JSON.stringify({ keyId, token, challenge: 'of the app' });
      const { causes, ...explained } = await attestationWith({ ...others, attestation, keyId });
      return { ...explained, causes: causes.slice(1) };
    },
    code: 'malformed_attestation',
    cause: /the challenge "of the app" in its JSON/,
  },
  {
    title: 'passes the hash to a plugin that hashes it again, and the server passes clientDataHash',
    explain: () => attestationFor(sha256(hash), { challenge: undefined, clientDataHash: hash }),
    code: 'nonce_mismatch',
    cause: /hashed the client data hash once more/,
  },
  {
    title: 'uses a challenge that the server does not know',
    explain: () => attestationFor(sha256('nobody knows')),
    code: 'nonce_mismatch',
    cause: /attested the key for another challenge/,
    certainty: 'likely',
  },
  passed(
    'passes text that is not a hash to the device',
    Buffer.from('a text of the app'),
    /passed 17 bytes.*"a text of the app"/,
  ),
  {
    title: 'sends Apple’s sample, and the server hashes the challenge of the sample',
    explain: () => explainAttestation({ ...sampleWithout, challenge: 'example_server_challenge' }),
    code: 'nonce_mismatch',
    cause: /a sample from Apple’s guide/,
  },
];
