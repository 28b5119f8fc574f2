import { explainAssertion, explainReceipt, inspectAttestation } from '../../../src/index.js';
import { APP_ID, attestationWith, key, PAYLOAD, recorded, sha256 } from './genuine.js';
import type { Mistake } from './mistake.js';

const attestation = Buffer.from(key.attestation);
const base64 = attestation.toString('base64');
const assertion = Buffer.from(await key.device.generateAssertion(key.keyId, sha256(PAYLOAD)));
let withPlus = assertion.toString('base64');
while (!withPlus.includes('+')) {
  withPlus = Buffer.from(await key.device.generateAssertion(key.keyId, sha256(PAYLOAD))).toString('base64');
}
const receipt = Buffer.from(inspectAttestation(key.attestation).receipt ?? '');

const sent = (
  title: string,
  evidence: string | Uint8Array,
  cause: RegExp,
  certainty: Mistake['certainty'] = 'certain',
) => {
  const explain = () => attestationWith({ attestation: evidence });
  return { title, explain, code: 'malformed_attestation', cause, certainty } as const;
};
const asserted = (
  title: string,
  evidence: string | Uint8Array,
  cause: RegExp,
  certainty: Mistake['certainty'] = 'certain',
) => {
  const { publicKey } = key;
  const explain = () =>
    explainAssertion({ assertion: evidence, publicKey, payload: PAYLOAD, appId: APP_ID, counter: 0 });
  return { title, explain, code: 'malformed_assertion', cause, certainty } as const;
};
const withReceipt = (title: string, evidence: string | Uint8Array, cause: RegExp) => {
  return {
    title,
    explain: () => explainReceipt({ receipt: evidence, appId: APP_ID }),
    code: 'malformed_receipt',
    cause,
  } as const;
};

/** Evidence with a wrong encoding, truncated evidence, and evidence of another kind. */
export const encodings: readonly Mistake[] = [
  sent('sends hex', attestation.toString('hex'), /is hex/),
  sent(
    'sends upper-case hex with spaces',
    attestation.toString('hex').toUpperCase().replace(/../g, '$& '),
    /white space/,
  ),
  sent('sends hex as Swift prints NSData', `<${attestation.toString('hex').replace(/.{1,8}/g, '$& ')}>`, /is hex/),
  sent('encodes the attestation as base64 twice', Buffer.from(base64).toString('base64'), /was encoded twice/),
  sent(
    'encodes the attestation as base64 twice, and decodes it once',
    Buffer.from(base64),
    /was passed as bytes, but was not decoded/,
  ),
  sent('percent-encodes base64', encodeURIComponent(base64), /is percent-encoded/),
  sent('percent-encodes base64 twice', encodeURIComponent(encodeURIComponent(base64)), /is percent-encoded/),
  sent(
    'sends base64 in a form, in which + is decoded as a space',
    base64.replaceAll('+', ' '),
    /a space in place of each \+/,
  ),
  sent('wraps base64 in lines of 64 characters', base64.replace(/.{64}/g, '$&\r\n'), /line breaks/),
  sent('sends a line feed after base64', `${base64}\n`, /begins or ends with white space/),
  sent('sends JSON text with its quotes', JSON.stringify(base64), /is in quotes/),
  sent('cuts base64 out of JSON without parsing its escapes', base64.replaceAll('/', '\\/'), /contains backslashes/),
  sent(
    'sends the whole JSON of the Capacitor plugin',
    JSON.stringify({ platform: 'ios', format: 'apple-app-attest', token: base64, keyId: key.keyId, challenge: 'x' }),
    /is the whole JSON/,
  ),
  sent(
    'sends the whole JSON of an Expo app',
    JSON.stringify({ keyId: key.keyId, attestationObject: attestation.toString('base64url') }),
    /is the whole JSON/,
  ),
  sent(
    'sends the whole JSON of a Flutter app',
    JSON.stringify({ attestationString: base64, keyID: key.keyId }),
    /is the whole JSON/,
  ),
  sent(
    'stores JSON in a column of 4096 characters',
    JSON.stringify({ token: base64 }).slice(0, 4096),
    /the JSON was cut off/,
  ),
  sent('sends a Uint8Array in JSON', JSON.stringify({ ...key.attestation }), /is an array of numbers/),
  sent('sends a Buffer in JSON', JSON.stringify(attestation), /is an array of numbers/),
  sent('sends a data URL', `data:application/octet-stream;base64,${base64}`, /is a data URL/),
  sent('mixes the alphabets of base64', base64.replaceAll('+', '-'), /mixes the alphabets/),
  sent('adds too much padding to base64', `${base64.replace(/=+$/, '')}===`, /number of = at the end/),
  sent(
    'sends the description of NSData',
    '{length = 5637, bytes = 0xa363666d 746f6170 ... }',
    /description of an NSData/,
  ),
  ...[255, 256, 1024, 2048, 4096].map((length) => {
    return sent(
      `stores base64 in a column of ${length} characters`,
      base64.slice(0, length),
      new RegExp(`cut off after ${length} characters`),
    );
  }),
  sent('stores bytes in a column of 4096 bytes', attestation.subarray(0, 4096), /cut off after 4096 bytes/),
  sent(
    'stores base64 of a very long attestation in a column of 65,535 characters',
    Buffer.concat([
      Buffer.from('a363666d746f6170706c652d61707061747465737467617474537461a2', 'hex').subarray(0, 21),
      Buffer.from('6761747453746d745a00010000', 'hex'),
      Buffer.alloc(60_000),
    ])
      .toString('base64')
      .slice(0, 65_535),
    /cut off after 65535 characters/,
  ),
  sent('sends only the first 3333 characters of base64', base64.slice(0, 3333), /ends too early/, 'likely'),
  sent(
    'sends an assertion instead of an attestation',
    assertion.toString('base64'),
    /is an assertion, but an attestation is expected/,
  ),
  sent(
    'sends a receipt instead of an attestation',
    receipt.toString('base64'),
    /is a receipt, but an attestation is expected/,
  ),
  sent('sends an empty text', '', /is empty/),
  sent('sends the text undefined', 'undefined', /a value is missing/),
  sent(
    'sends a token of Google Play Integrity',
    'eyJhbGciOiJBMjU2S1ciLCJlbmMiOiJBMjU2R0NNIn0.c2VjcmV0.dG9rZW4',
    /JSON Web Token/,
  ),
  sent(
    'sends the JSON of an Android app',
    JSON.stringify({ platform: 'android', format: 'google-play-integrity-standard', token: 'eyJhbGciOi.c2Vj.dG9r' }),
    /whole JSON/,
  ),
  sent('sends the key identifier instead of the attestation', key.keyId, /as long as a key identifier/, 'likely'),
  asserted('sends an assertion in hex', assertion.toString('hex'), /is hex/),
  asserted(
    'sends an attestation instead of an assertion',
    base64.slice(0, 8192),
    /is an attestation, but an assertion is expected/,
  ),
  asserted(
    'encodes an assertion twice',
    Buffer.from(assertion.toString('base64')).toString('base64'),
    /was encoded twice/,
  ),
  asserted(
    'stores an assertion in a column of 128 characters',
    assertion.toString('base64').slice(0, 128),
    /cut off after 128 characters/,
  ),
  asserted('sends an assertion in which each + is a space', withPlus.replaceAll('+', ' '), /in place of each \+/),
  withReceipt(
    'encodes a receipt twice',
    Buffer.from(receipt.toString('base64')).toString('base64'),
    /was encoded twice/,
  ),
  withReceipt(
    'stores a receipt in a column of 2048 characters',
    receipt.toString('base64').slice(0, 2048),
    /cut off after 2048/,
  ),
  withReceipt('passes an attestation instead of a receipt', base64, /is an attestation, but a receipt is expected/),
  {
    title: 'sends a recorded attestation in hex',
    explain: () => attestationWith({ ...recorded, attestation: Buffer.from(recorded.attestation).toString('hex') }),
    code: 'malformed_attestation',
    cause: /is hex/,
  },
];
