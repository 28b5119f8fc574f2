import { createPrivateKey, type KeyObject, sign, webcrypto } from 'node:crypto';
import { fromBER, OctetString } from 'asn1js';
import { coseKey, sha256 } from '../../src/testing/device/authenticator-data.js';
import { cbor } from '../../src/testing/encoding/cbor.js';
import { integer, octetString, sequence, tagged } from '../../src/testing/encoding/der.js';
import {
  type CertificateAuthority,
  type CertificateProfile,
  type CurveName,
  generateKeys,
  issueCertificate,
  LEAF_PROFILE,
  NOW,
} from './certificate-authority.js';

export { coseKey, sha256 };

export const APP_ID = 'TEAMID1234.com.example.app';
export const CHALLENGE = 'a one-time challenge';

export const NONCE_OID = '1.2.840.113635.100.8.2';
export const KEY_USAGE_PROPERTIES_OID = '1.2.840.113635.100.8.5';
export const ACCESS_CONTROL_LIST_OID = '1.2.840.113635.100.8.6';
export const OPERATING_SYSTEM_OID = '1.2.840.113635.100.8.7';

export const PRODUCTION = Buffer.from('appattest\0\0\0\0\0\0\0');
export const DEVELOPMENT = Buffer.from('appattestdevelop');

/** Changes to an otherwise valid attestation. */
export interface AttestationChanges {
  appId?: string;
  flags?: number;
  counter?: number;
  aaguid?: Uint8Array;
  credentialId?: Uint8Array;
  coseKey?: Uint8Array;
  /** The bytes after the COSE key. */
  extensions?: Uint8Array;
  challenge?: string;
  curve?: CurveName;
  leaf?: Partial<CertificateProfile>;
  /** Replaces the object identifier of the extension with the nonce. */
  nonceOid?: string;
  /** Returns the value of the extension with the nonce. `undefined` leaves the extension out. */
  nonce?: (nonce: Uint8Array) => Uint8Array | undefined;
  /** Whether the nonce itself must be a valid ASN.1 element. If the property is absent, both cases are possible. */
  nonceReadsAsAsn1?: boolean;
  /** Values of the other extensions of Apple in the leaf. `undefined` leaves an extension out. */
  properties?: Uint8Array | undefined;
  operatingSystem?: Uint8Array | undefined;
  accessControlList?: Uint8Array | undefined;
  x5c?: (leaf: Uint8Array, intermediate: Uint8Array) => unknown;
  object?: Record<string, unknown>;
  statement?: Record<string, unknown>;
}

export interface Attestation {
  attestation: Uint8Array;
  keyId: string;
  challenge: string;
  appId: string;
  date: Date;
  trustAnchors: Uint8Array[];
  privateKey: KeyObject;
}

export const nonceExtension = (nonce: Uint8Array): Uint8Array => sequence(tagged(1, octetString(nonce)));
/** Whether `asn1js` can decode the nonce itself as an ASN.1 element. About one nonce in 500 is such an element by chance. */
export const readsAsAsn1 = (nonce: Uint8Array): boolean => {
  const { result } = fromBER(octetString(nonce));
  return result instanceof OctetString && result.valueBlock.value.length > 0;
};
export const keyUsageProperties = (appId: string): Uint8Array => {
  return sequence(tagged(4, integer(10)), tagged(1200, integer(0)), tagged(1204, octetString(appId)));
};
export const operatingSystem = (platform: string): Uint8Array => {
  return sequence(
    tagged(1400, octetString('27.0')),
    tagged(1104, integer(2)),
    tagged(1403, octetString('24A325b')),
    tagged(1026, octetString(platform)),
  );
};

/** Creates an attestation as a device with iOS 27 does, with the given changes. The given authority signs it. */
export async function attest(authority: CertificateAuthority, changes: AttestationChanges = {}): Promise<Attestation> {
  const { keys, keyId, authData, nonce } = await bindKey(changes);
  const nonceValue = (changes.nonce ?? nonceExtension)(nonce);
  const leafExtensions = {
    [KEY_USAGE_PROPERTIES_OID]: 'properties' in changes ? changes.properties : keyUsageProperties(APP_ID),
    [OPERATING_SYSTEM_OID]: 'operatingSystem' in changes ? changes.operatingSystem : operatingSystem('iphoneos'),
    [changes.nonceOid ?? NONCE_OID]: nonceValue,
    [ACCESS_CONTROL_LIST_OID]: changes.accessControlList,
  };
  const extensions = Object.fromEntries(
    Object.entries(leafExtensions).flatMap(([oid, value]) => (value ? [[oid, value]] : [])),
  );
  const leaf = await issueCertificate(
    { ...LEAF_PROFILE, ...changes.leaf, extensions: { ...extensions, ...changes.leaf?.extensions } },
    keys,
    authority.intermediate.keys,
  );
  const x5c = changes.x5c ?? ((leafDer, intermediateDer) => [leafDer, intermediateDer]);
  return {
    attestation: cbor({
      fmt: 'apple-appattest',
      attStmt: {
        x5c: x5c(leaf.der, authority.intermediate.der),
        receipt: new Uint8Array(4000),
        ...changes.statement,
      },
      authData,
      ...changes.object,
    }),
    keyId: Buffer.from(keyId).toString('base64'),
    challenge: CHALLENGE,
    appId: APP_ID,
    date: NOW,
    trustAnchors: [authority.root.der],
    privateKey: createPrivateKey({
      key: Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)),
      format: 'der',
      type: 'pkcs8',
    }),
  };
}

/** A key, and the values that bind the key to the challenge. */
interface BoundKey {
  keys: webcrypto.CryptoKeyPair;
  keyId: Uint8Array;
  authData: Uint8Array;
  nonce: Uint8Array;
}

async function bindKey(changes: AttestationChanges): Promise<BoundKey> {
  const keys = await generateKeys(changes.curve ?? 'P-256');
  const point = new Uint8Array(await webcrypto.subtle.exportKey('raw', keys.publicKey));
  const keyId = sha256(point);
  const authData = attestedData(point, keyId, changes);
  const nonce = sha256(authData, sha256(changes.challenge ?? CHALLENGE));
  const { nonceReadsAsAsn1 = readsAsAsn1(nonce) } = changes;
  return readsAsAsn1(nonce) === nonceReadsAsAsn1 ? { keys, keyId, authData, nonce } : bindKey(changes);
}

function attestedData(point: Uint8Array, keyId: Uint8Array, changes: AttestationChanges): Uint8Array {
  const credentialId = changes.credentialId ?? keyId;
  return new Uint8Array(
    Buffer.concat([
      authenticatorDataHead(
        changes.appId ?? APP_ID,
        changes.flags ?? flagsFor(changes.extensions ?? signedExtensions()),
        changes.counter ?? 0,
      ),
      changes.aaguid ?? PRODUCTION,
      Uint8Array.of(credentialId.length >> 8, credentialId.length & 0xff),
      credentialId,
      changes.coseKey ?? coseKey(point),
      changes.extensions ?? signedExtensions(),
    ]),
  );
}

/** The flag AT, and the flag ED if extensions follow. */
function flagsFor(extensions: Uint8Array): number {
  return extensions.length > 0 ? 0xc0 : 0x40;
}

/** The extensions of an App Store build on iOS 27. A test can change them, or leave them out with `undefined`. */
export function signedExtensions(changes: Record<string, unknown> = {}): Uint8Array {
  const entries = {
    apple_bundle_version_01: '42',
    apple_validation_category_01: Uint8Array.of(4, 0, 0, 0),
    ...changes,
  };
  return cbor(Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)));
}

/** RP ID hash, flags and counter: the 37 bytes at the start of all authenticator data. */
export function authenticatorDataHead(appId: string, flags: number, counter: number): Uint8Array {
  const head = Buffer.concat([sha256(appId), Uint8Array.of(flags), new Uint8Array(4)]);
  head.writeUInt32BE(counter, 33);
  return new Uint8Array(head);
}

/** Changes to an otherwise valid assertion. */
export interface AssertionChanges {
  appId?: string;
  flags?: number;
  counter?: number;
  extensions?: Uint8Array;
  payload?: string;
  object?: Record<string, unknown>;
}

/** An assertion object as a device creates it. */
export function assert(privateKey: KeyObject, changes: AssertionChanges = {}): Uint8Array {
  const { appId = APP_ID, counter = 1, extensions = new Uint8Array(), payload = 'payload' } = changes;
  const { flags = flagsFor(extensions) } = changes;
  const authenticatorData = new Uint8Array(Buffer.concat([authenticatorDataHead(appId, flags, counter), extensions]));
  const nonce = sha256(authenticatorData, sha256(payload));
  const signature = new Uint8Array(sign('sha256', nonce, privateKey));
  return cbor({ signature, authenticatorData, ...changes.object });
}
