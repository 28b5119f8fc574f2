import { createHash, createPrivateKey, sign, webcrypto } from 'node:crypto';
import {
  der,
  indefinite,
  integer,
  NULL,
  objectIdentifier,
  octetString,
  sequence,
  set,
} from '../../src/testing/encoding/der.js';
import {
  type CertificateProfile,
  type CurveName,
  generateKeys,
  INTERMEDIATE_PROFILE,
  type IssuedCertificate,
  issueCertificate,
  KeyUsageFlags,
  LEAF_PROFILE,
  NOW,
  ROOT_PROFILE,
} from './certificate-authority.js';
import { APP_ID } from './evidence.js';

const MINUTE = 60 * 1000;
const DAY = 24 * 60 * MINUTE;
export const minutesFromNow = (minutes: number): Date => new Date(NOW.getTime() + minutes * MINUTE);

export const RECEIPT_SIGNING_OID = '1.2.840.113635.100.12.15';
export const SKI_OID = '2.5.29.14';
const ROOT_NAME = 'CN=Apple Root CA - G3, OU=Apple Certification Authority, O=Apple Inc., C=US';
const INTERMEDIATE_NAME =
  'CN=Apple Application Integration CA 5 - G1, OU=Apple Certification Authority, O=Apple Inc., C=US';
const KEY_IDENTIFIER = Buffer.alloc(20, 7);

/** The certificate chain of a receipt, with Apple's names. By default, no verifier trusts it. */
export interface ReceiptChain {
  root: IssuedCertificate;
  intermediate: IssuedCertificate;
  signer: IssuedCertificate;
  /** The certificate of the attested key to which the receipt belongs. */
  credCert: IssuedCertificate;
}

export async function createReceiptChain(
  changes: {
    root?: Partial<CertificateProfile>;
    intermediate?: Partial<CertificateProfile>;
    signer?: Partial<CertificateProfile>;
    signerCurve?: CurveName;
    signerKeys?: webcrypto.CryptoKeyPair;
    credCertCurve?: CurveName;
  } = {},
): Promise<ReceiptChain> {
  const root = await issueCertificate(
    { ...ROOT_PROFILE, subject: ROOT_NAME, issuer: ROOT_NAME, ...changes.root },
    await generateKeys('P-384'),
  );
  const intermediate = await issueCertificate(
    { ...INTERMEDIATE_PROFILE, subject: INTERMEDIATE_NAME, issuer: ROOT_NAME, ...changes.intermediate },
    await generateKeys('P-256'),
    root.keys,
  );
  const signer = await issueCertificate(
    {
      ...LEAF_PROFILE,
      subject: 'CN=Application Attestation Fraud Receipt Signing, O=Apple Inc., C=US',
      issuer: INTERMEDIATE_NAME,
      keyUsage: KeyUsageFlags.digitalSignature,
      extensions: { [RECEIPT_SIGNING_OID]: NULL, [SKI_OID]: octetString(KEY_IDENTIFIER) },
      ...changes.signer,
    },
    changes.signerKeys ?? (await generateKeys(changes.signerCurve ?? 'P-256')),
    intermediate.keys,
  );
  const credCert = await issueCertificate(LEAF_PROFILE, await generateKeys(changes.credCertCurve ?? 'P-256'));
  return { root, intermediate, signer, credCert };
}

const ISSUED_SERIAL_NUMBER = integer(1);
const nameOf = async (subject: string): Promise<Uint8Array> => {
  const { Name } = await import('@peculiar/x509');
  return new Uint8Array(new Name(subject).toArrayBuffer());
};

/** The public key of an issued certificate, as an uncompressed point. */
export async function pointOf({ keys }: IssuedCertificate): Promise<Uint8Array> {
  return new Uint8Array(await webcrypto.subtle.exportKey('raw', keys.publicKey));
}

export const DATA = objectIdentifier('1.2.840.113549.1.7.1');
export const SIGNED_DATA = objectIdentifier('1.2.840.113549.1.7.2');
export const algorithm = (oid: string, ...parameters: Uint8Array[]): Uint8Array => {
  return sequence(objectIdentifier(oid), ...parameters);
};
export const SHA256 = algorithm('2.16.840.1.101.3.4.2.1', NULL);
export const SHA384 = algorithm('2.16.840.1.101.3.4.2.2', NULL);
export const ECDSA_WITH_SHA256 = algorithm('1.2.840.10045.4.3.2');
export const ECDSA_WITH_SHA384 = algorithm('1.2.840.10045.4.3.3');

export type Fields = Readonly<Record<number, Uint8Array | string | undefined>>;

export const field = (type: number, value: Uint8Array | string): Uint8Array => {
  return sequence(integer(type), integer(1), octetString(value));
};

/** Changes to an otherwise valid receipt. The signature covers the payload, or the signed attributes if there are any. */
export interface ReceiptChanges {
  /** Values by type. `undefined` leaves a field out. */
  fields?: Fields;
  /** Additional elements after the other fields. */
  moreFields?: readonly Uint8Array[];
  /** Replaces the whole payload. */
  payload?: Uint8Array;
  /** Changes the payload after the signature was made. */
  tamper?: (payload: Uint8Array) => Uint8Array;
  /** BER with indefinite lengths and content in chunks of 1000 bytes, or DER with content in one piece. BER by default. */
  encoding?: 'BER' | 'DER';
  content?: (payload: Uint8Array) => Uint8Array;
  contentType?: Uint8Array;
  outerType?: Uint8Array;
  certificates?: (chain: ReceiptChain) => readonly Uint8Array[];
  hash?: 'sha256' | 'sha384';
  digestAlgorithms?: Uint8Array;
  digestAlgorithm?: Uint8Array;
  signatureAlgorithm?: Uint8Array;
  signerIdentifier?: (issuerAndSerialNumber: Uint8Array) => Uint8Array;
  /** Returns the signed attributes for the digest of the payload. A receipt has none by default. */
  signedAttributes?: (digest: Uint8Array) => readonly Uint8Array[];
  /** Returns the bytes to sign instead of the payload or the SET of signed attributes. */
  message?: (message: Uint8Array) => Uint8Array;
  signature?: (signature: Uint8Array) => Uint8Array;
  moreInSignerInfo?: readonly Uint8Array[];
  signerInfos?: (signerInfo: Uint8Array) => readonly Uint8Array[];
  revocationLists?: Uint8Array;
  moreInSignedData?: readonly Uint8Array[];
  moreInContentInfo?: readonly Uint8Array[];
}

export const attribute = (oid: string, ...values: Uint8Array[]): Uint8Array => {
  return sequence(objectIdentifier(oid), set(...values));
};
/** A set of unsigned attributes with the given number of bytes. */
export const attributesOf = (length: number): Uint8Array => {
  const overhead = 21;
  return der(0xa1, attribute('1.2.3.4', octetString(new Uint8Array(length - overhead))));
};
/** A Name with the given number of content bytes, between 16 and 138, or at least 274. */
export const nameOfLength = (length: number): Uint8Array => {
  const overhead = length < 0x100 ? 11 : 17;
  return sequence(set(sequence(objectIdentifier('2.5.4.3'), der(0x0c, Buffer.alloc(length - overhead, 'a')))));
};
export const serialNumberOfLength = (length: number): Uint8Array => der(2, new Uint8Array(length).fill(0x7f));

export const contentTypeAttribute = attribute('1.2.840.113549.1.9.3', DATA);
export const messageDigestAttribute = (digest: Uint8Array): Uint8Array => {
  return attribute('1.2.840.113549.1.9.4', octetString(digest));
};

/** The fields of an ATTEST receipt that was created a minute before `NOW`. */
export function receiptFieldsOf({ credCert }: ReceiptChain): Fields {
  return {
    2: APP_ID,
    3: credCert.der,
    4: Buffer.alloc(32, 9),
    5: 'dG9rZW4=',
    6: 'ATTEST',
    7: 'production',
    12: minutesFromNow(-1).toISOString(),
    21: new Date(minutesFromNow(-1).getTime() + 90 * DAY).toISOString(),
  };
}

/** A receipt as Apple's servers encode it, under a test chain, with the given changes. */
export async function makeReceipt(chain: ReceiptChain, changes: ReceiptChanges = {}): Promise<Uint8Array> {
  const fields = Object.entries({ ...receiptFieldsOf(chain), ...changes.fields }).flatMap(([type, value]) => {
    return value === undefined ? [] : [field(Number(type), value)];
  });
  const payload = changes.payload ?? set(...fields, ...(changes.moreFields ?? []));
  const isDer = changes.encoding === 'DER';
  const wrap = (tag: number, ...contents: Uint8Array[]) => (isDer ? der : indefinite)(tag, ...contents);
  const hash = changes.hash ?? 'sha256';

  const attributes = changes.signedAttributes?.(createHash(hash).update(payload).digest());
  const key = createPrivateKey({
    key: Buffer.from(await webcrypto.subtle.exportKey('pkcs8', chain.signer.keys.privateKey)),
    format: 'der',
    type: 'pkcs8',
  });
  const message = attributes ? set(...attributes) : payload;
  const signature = new Uint8Array(sign(hash, changes.message?.(message) ?? message, key));

  const sent = changes.tamper?.(payload) ?? payload;
  const content = changes.content?.(sent) ?? (isDer ? octetString(sent) : indefinite(0x24, ...chunks(sent)));
  const certificates = changes.certificates?.(chain) ?? [chain.signer.der, chain.intermediate.der, chain.root.der];
  const signerIdentifier = sequence(await nameOf(chain.signer.profile.issuer), ISSUED_SERIAL_NUMBER);
  const signerInfo = sequence(
    integer(1),
    changes.signerIdentifier?.(signerIdentifier) ?? signerIdentifier,
    changes.digestAlgorithm ?? (hash === 'sha256' ? SHA256 : SHA384),
    ...(attributes ? [der(0xa0, ...attributes)] : []),
    changes.signatureAlgorithm ?? (hash === 'sha256' ? ECDSA_WITH_SHA256 : ECDSA_WITH_SHA384),
    octetString(changes.signature?.(signature) ?? signature),
    ...(changes.moreInSignerInfo ?? []),
  );
  return wrap(
    0x30,
    changes.outerType ?? SIGNED_DATA,
    wrap(
      0xa0,
      wrap(
        0x30,
        integer(1),
        changes.digestAlgorithms ?? set(hash === 'sha256' ? SHA256 : SHA384),
        wrap(0x30, changes.contentType ?? DATA, wrap(0xa0, content)),
        wrap(0xa0, ...certificates),
        ...(changes.revocationLists ? [changes.revocationLists] : []),
        set(...(changes.signerInfos?.(signerInfo) ?? [signerInfo])),
        ...(changes.moreInSignedData ?? []),
      ),
    ),
    ...(changes.moreInContentInfo ?? []),
  );
}

export function chunks(payload: Uint8Array, length = 1000): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let start = 0; start < payload.length; start += length) {
    parts.push(octetString(payload.subarray(start, start + length)));
  }
  return parts;
}
