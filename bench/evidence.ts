import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { decodeAttestationObject } from '../src/attestation/attestation-object.js';
import { sha256 } from '../src/testing/device/authenticator-data.js';
import { cbor } from '../src/testing/encoding/cbor.js';
import { attestationFixture, attestationOptions, fromBase64 } from '../test/support/recordings.js';

export const APP_ID = 'TEAMID1234.com.example.app';

/** A signed request, with its public key as PEM and as a `KeyObject`. */
export interface SignedRequest {
  readonly payload: Buffer;
  readonly assertion: Buffer;
  readonly pem: string;
  readonly publicKey: KeyObject;
  /** The signed message, for a bare verification. */
  readonly nonce: Uint8Array;
  readonly signature: Uint8Array;
}

/** Signs a request like a device with iOS 17. By default, it uses a new key. */
export function signedRequest(
  payload: Buffer,
  keys = generateKeyPairSync('ec', { namedCurve: 'P-256' }),
): SignedRequest {
  const authenticatorData = Buffer.concat([sha256(APP_ID), Buffer.from('4000000001', 'hex')]);
  const nonce = sha256(Buffer.concat([authenticatorData, sha256(payload)]));
  const signature = sign('sha256', nonce, createPrivateKey(keys.privateKey.export({ format: 'pem', type: 'pkcs8' })));
  const pem = keys.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  const assertion = Buffer.from(cbor({ signature, authenticatorData }));
  return { payload, assertion, pem, publicKey: createPublicKey(pem), nonce, signature };
}

export const signedRequests = (count: number): SignedRequest[] => {
  return Array.from({ length: count }, (_, index) =>
    signedRequest(Buffer.from(`{"request":${index},"${'x'.repeat(80)}"}`)),
  );
};

/** A recorded attestation from the tests of `node-app-attest`. All measured verifiers accept it. */
export const recording = attestationFixture('node-app-attest-production');
export const recordedOptions = {
  ...attestationOptions(recording),
  attestation: fromBase64(recording.attestation.object),
};
export const recordedAt = new Date(recording.attestation.validAt);
export const recordedChallenge = Buffer.from(recording.attestation.challenge ?? '', 'base64');

/** Returns the signature of the credential certificate in {@link recording}, its message, and the P-384 key that verifies it. */
export function bareLeaf() {
  const [leaf, intermediate] = decodeAttestationObject(recordedOptions.attestation).x5c;
  if (!intermediate) throw new Error('the attestation has no intermediate certificate');
  const key = createPublicKey({ key: Buffer.from(intermediate.subjectPublicKeyInfo), format: 'der', type: 'spki' });
  return { hash: leaf.signatureHash ?? '', message: leaf.tbsCertificate, key, signature: leaf.signature };
}
