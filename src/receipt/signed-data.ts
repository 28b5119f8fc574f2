import { assertName } from '../certificates/name.js';
import { headOf, readBer } from '../encoding/ber.js';
import { DecodingError } from '../encoding/decoding-error.js';
import type { DerElement } from '../encoding/der-element.js';
import { bytesOf, contentsOf, readObjectIdentifier, Tag } from '../encoding/der-values.js';
import type { SignatureHash } from '../keys/ecdsa.js';
import { loadCmsLibrary } from './cms-library.js';

/**
 * A decoded SignedData of CMS (Cryptographic Message Syntax, RFC 5652 §5). It is well-formed, but its signature and its
 * certificates are not verified.
 */
export interface SignedData {
  /** The signed content, with its chunks concatenated. */
  readonly content: Uint8Array;
  /** The DER of the certificates, in any order. Each certificate is a SEQUENCE that is not decoded yet. */
  readonly certificates: readonly Uint8Array[];
  readonly signer: SignerIdentifier;
  /**
   * The hash algorithm of digest and signature. `undefined` if their hash algorithms differ, if the signature is not ECDSA
   * with SHA-256, SHA-384 or SHA-512, or if SignedData does not list the digest algorithm.
   */
  readonly hash: SignatureHash | undefined;
  /** The signed attributes, if there are any. */
  readonly signedAttributes: SignedAttributes | undefined;
  /** The signature. An ECDSA signature is encoded in DER. */
  readonly signature: Uint8Array;
}

/** Identifies the certificate of the signer by issuer and serial number, or by subject key identifier (RFC 5652 §5.3). */
export type SignerIdentifier =
  | { readonly issuer: Uint8Array; readonly serialNumber: Uint8Array }
  | { readonly subjectKeyIdentifier: Uint8Array };

export interface SignedAttributes {
  /** The DER of the SET OF attributes. The signature covers these bytes instead of the content (RFC 5652 §5.4). */
  readonly bytes: Uint8Array;
  readonly messageDigest: Uint8Array;
}

const Oid = {
  Data: '1.2.840.113549.1.7.1',
  SignedData: '1.2.840.113549.1.7.2',
  ContentType: '1.2.840.113549.1.9.3',
  MessageDigest: '1.2.840.113549.1.9.4',
} as const;

/** The tag [0] of a signer identifier that is a subject key identifier. */
const SUBJECT_KEY_IDENTIFIER = 0x80;
/** The tags [0] and [1] of SignerInfo. */
const SIGNED_ATTRIBUTES = 0xa0;
const UNSIGNED_ATTRIBUTES = 0xa1;

/**
 * The supported algorithms, by object identifier of the digest. `signature` is the object identifier of ECDSA with this
 * digest, and `hash` is the name of the digest. RFC 5754 §2.2 and §3.3.
 */
const ALGORITHMS: ReadonlyMap<string, { readonly signature: string; readonly hash: SignatureHash }> = new Map([
  ['2.16.840.1.101.3.4.2.1', { signature: '1.2.840.10045.4.3.2', hash: 'sha256' }],
  ['2.16.840.1.101.3.4.2.2', { signature: '1.2.840.10045.4.3.3', hash: 'sha384' }],
  ['2.16.840.1.101.3.4.2.3', { signature: '1.2.840.10045.4.3.4', hash: 'sha512' }],
]);

/** The tags of the children of each structure, in hex, as RFC 5652 defines them. */
const Shape = {
  /** OID (object identifier), [0] content */
  ContentInfo: /^06 a0$/,
  Content: /^30$/,
  /** version, digest algorithms, content, [0] certificates, signers. No [1] revocation lists: Apple sends none. */
  SignedData: /^02 31 30 a0 31$/,
  DigestAlgorithms: /^(30( 30){0,7})?$/,
  /** OID, then no parameters or NULL (RFC 5754 §2 and §3.3). */
  Algorithm: /^06( 05)?$/,
  /** OID, [0] content */
  EncapsulatedContentInfo: /^06 a0$/,
  EncapsulatedContent: /^04$/,
  /** At most eight certificates. Apple sends three. */
  Certificates: /^30( 30){0,7}$/,
  SignerInfos: /^30$/,
  /** version, identifier, digest algorithm, [0] signed attributes, signature algorithm, signature, [1] unsigned attributes */
  SignerInfo: /^02 (30|80) 30 (a0 )?30 04( a1)?$/,
  IssuerAndSerialNumber: /^30 02$/,
  /** At most sixteen attributes. Apple sends none. */
  Attributes: /^30( 30){0,15}$/,
  Attribute: /^06 31$/,
} as const;

/** The maximum length of a set of attributes, in bytes. */
const MAX_ATTRIBUTES_LENGTH = 4096;
/** The maximum length of the issuer's name, in bytes. Apple's name has 124 bytes. */
const MAX_ISSUER_LENGTH = 1024;
/** The maximum length of a serial number, in bytes. RFC 5280 §4.1.2.2 allows twenty. */
const MAX_SERIAL_NUMBER_LENGTH = 32;
/** The maximum length of a subject key identifier, in bytes. It is usually a hash (RFC 5280 §4.2.1.2). */
const MAX_SUBJECT_KEY_IDENTIFIER_LENGTH = 64;
/**
 * The maximum length of a signature, in bytes. An RSA signature with 8192 bits has this length. An ECDSA signature with a
 * P-521 key has at most 139 bytes.
 */
const MAX_SIGNATURE_LENGTH = 1024;

/** Version 1, an empty issuer name and serial number 0. pkijs gets these bytes instead of the values in the receipt. */
const SIGNER_INFO_START = Uint8Array.of(0x02, 0x01, 0x01, 0x30, 0x05, 0x30, 0x00, 0x02, 0x01, 0x00);

/**
 * Decodes CMS SignedData with one signer, in DER or BER. Apple uses BER, with indefinite lengths and with content in chunks.
 *
 * The receipt is first converted to DER. Content, certificates, signer identifier and signed attributes are slices of the
 * DER, because their exact bytes are compared or verified. pkijs decodes only the algorithms and the signature. Names are not
 * passed to pkijs, because a client could choose a name that takes pkijs milliseconds to decode.
 *
 * @throws DecodingError
 * @throws AppAttestError `invalid_argument` if pkijs cannot be loaded
 */
export async function decodeSignedData(bytes: Uint8Array): Promise<SignedData> {
  const { der, element: contentInfo } = readBer(bytes);
  if (contentInfo.tag !== Tag.Sequence) throw new DecodingError('not CMS SignedData');
  const [contentType, wrapped] = childrenOf(contentInfo, Shape.ContentInfo, 'ContentInfo');
  if (!contentType || readObjectIdentifier(der, contentType) !== Oid.SignedData) {
    throw new DecodingError('not CMS SignedData');
  }
  const [signedData] = childrenOf(wrapped, Shape.Content, 'ContentInfo');

  const [, digestAlgorithms, encapContentInfo, certificates, signerInfos] = childrenOf(
    signedData,
    Shape.SignedData,
    'SignedData',
  );
  const [signerInfo] = childrenOf(signerInfos, Shape.SignerInfos, 'SignerInfos');
  if (!signerInfo) throw new DecodingError('SignerInfos is empty');

  const announced = childrenOf(digestAlgorithms, Shape.DigestAlgorithms, 'DigestAlgorithmIdentifiers').map(
    (algorithm) => readAlgorithm(der, algorithm),
  );
  return {
    content: readContent(der, encapContentInfo),
    certificates: childrenOf(certificates, Shape.Certificates, 'CertificateSet').map((certificate) =>
      bytesOf(der, certificate),
    ),
    ...(await readSignerInfo(der, signerInfo, announced)),
  };
}

/** Returns the children of an element. Throws if their tags do not match `shape`. */
function childrenOf(element: DerElement | undefined, shape: RegExp, name: string): readonly DerElement[] {
  const { children } = element ?? { children: [] };
  const tags = children.map(({ tag }) => tag.toString(16).padStart(2, '0')).join(' ');
  if (!shape.test(tags)) throw new DecodingError(`malformed CMS ${name}`);
  return children;
}

/** Returns the object identifier of an AlgorithmIdentifier. The parameters must be absent or NULL. */
function readAlgorithm(der: Uint8Array, algorithm: DerElement | undefined): string {
  const [oid] = childrenOf(algorithm, Shape.Algorithm, 'AlgorithmIdentifier');
  if (!oid) throw new DecodingError('an algorithm has no object identifier');
  return readObjectIdentifier(der, oid);
}

/**
 * The content must have the type id-data. RFC 5652 §5.3 requires this type if there are no signed attributes. Apple's
 * receipts have no signed attributes.
 */
function readContent(der: Uint8Array, encapContentInfo: DerElement | undefined): Uint8Array {
  const [type, explicit] = childrenOf(encapContentInfo, Shape.EncapsulatedContentInfo, 'EncapsulatedContentInfo');
  const [content] = childrenOf(explicit, Shape.EncapsulatedContent, 'content');
  if (!type || !content) throw new DecodingError('the content is missing');
  if (readObjectIdentifier(der, type) !== Oid.Data) throw new DecodingError('the content type is not id-data');
  return contentsOf(der, content);
}

/**
 * Decodes SignerInfo and checks its whole structure, because pkijs ignores additional elements at the end.
 *
 * @param announced Object identifiers of the digest algorithms in SignedData
 */
async function readSignerInfo(
  der: Uint8Array,
  signerInfo: DerElement,
  announced: readonly string[],
): Promise<Pick<SignedData, 'signer' | 'signedAttributes' | 'hash' | 'signature'>> {
  const [, signerIdentifier, digestAlgorithm, ...behind] = childrenOf(signerInfo, Shape.SignerInfo, 'SignerInfo');
  const signatureAlgorithm = behind.find((element) => element.tag === Tag.Sequence);
  const signature = behind.find((element) => element.tag === Tag.OctetString);
  if (!digestAlgorithm || !signatureAlgorithm || !signature) throw new DecodingError('SignerInfo is incomplete');
  for (const algorithm of [digestAlgorithm, signatureAlgorithm]) readAlgorithm(der, algorithm);
  assertLength('signature', signature, 0, MAX_SIGNATURE_LENGTH);
  const signedAttributes = behind.find((element) => element.tag === SIGNED_ATTRIBUTES);
  const unsignedAttributes = behind.find((element) => element.tag === UNSIGNED_ATTRIBUTES);
  if (unsignedAttributes) attributesIn(unsignedAttributes);
  const parts = [digestAlgorithm, signatureAlgorithm, signature].map((element) => bytesOf(der, element));
  return {
    signer: readSignerIdentifier(der, signerIdentifier),
    signedAttributes: signedAttributes && readSignedAttributes(der, signedAttributes),
    ...(await readSignature(sequenceOf([SIGNER_INFO_START, ...parts]), announced)),
  };
}

function readSignerIdentifier(der: Uint8Array, signerIdentifier: DerElement | undefined): SignerIdentifier {
  if (signerIdentifier?.tag === SUBJECT_KEY_IDENTIFIER) {
    assertLength('subject key identifier', signerIdentifier, 1, MAX_SUBJECT_KEY_IDENTIFIER_LENGTH);
    return { subjectKeyIdentifier: contentsOf(der, signerIdentifier) };
  }
  const [issuer, serialNumber] = childrenOf(signerIdentifier, Shape.IssuerAndSerialNumber, 'SignerIdentifier');
  if (!issuer || !serialNumber) throw new DecodingError('the signer identifier is incomplete');
  assertLength('issuer', issuer, 0, MAX_ISSUER_LENGTH);
  assertName(issuer);
  assertLength('serial number', serialNumber, 1, MAX_SERIAL_NUMBER_LENGTH);
  return { issuer: bytesOf(der, issuer), serialNumber: bytesOf(der, serialNumber) };
}

function assertLength(name: string, { contents, end }: DerElement, least: number, most: number): void {
  const length = end - contents;
  if (length >= least && length <= most) return;
  throw new DecodingError(`the ${name} of the signer has ${length} bytes; expected ${least} to ${most}`);
}

function attributesIn(set: DerElement): readonly DerElement[] {
  if (set.end - set.start > MAX_ATTRIBUTES_LENGTH) {
    throw new DecodingError(`the CMS attributes have more than ${MAX_ATTRIBUTES_LENGTH} bytes`);
  }
  return childrenOf(set, Shape.Attributes, 'attributes');
}

/** Content type and message digest are required. Each occurs once, with one value (RFC 5652 §5.3, §11.1 and §11.2). */
function readSignedAttributes(der: Uint8Array, set: DerElement): SignedAttributes {
  const attributes = attributesIn(set);
  // The signature covers the attributes as DER with the tag SET OF. In the receipt, the attributes have the tag [0].
  const bytes = new Uint8Array(bytesOf(der, set));
  bytes[0] = Tag.Set;
  const contentType = singleValue(der, attributes, Oid.ContentType, Tag.ObjectIdentifier);
  if (readObjectIdentifier(der, contentType) !== Oid.Data) {
    throw new DecodingError('the content type in the signed attributes is not id-data');
  }
  const messageDigest = singleValue(der, attributes, Oid.MessageDigest, Tag.OctetString);
  return { bytes, messageDigest: contentsOf(der, messageDigest) };
}

function singleValue(der: Uint8Array, attributes: readonly DerElement[], oid: string, tag: number): DerElement {
  const values = attributes.flatMap((attribute) => {
    const [type, set] = childrenOf(attribute, Shape.Attribute, 'Attribute');
    return type && set && readObjectIdentifier(der, type) === oid ? [set.children] : [];
  });
  const [[value, ...moreValues] = [], ...moreAttributes] = values;
  if (value?.tag !== tag || moreValues.length > 0 || moreAttributes.length > 0) {
    throw new DecodingError(`the signed attribute ${oid} is missing, repeated or of the wrong type`);
  }
  return value;
}

/** Encodes a SEQUENCE of elements. */
function sequenceOf(elements: readonly Uint8Array[]): Uint8Array {
  const length = elements.reduce((sum, element) => sum + element.length, 0);
  return Buffer.concat([headOf(Tag.Sequence, length), ...elements]);
}

/**
 * Decodes a checked SignerInfo with pkijs. pkijs does not decode the whole SignedData, because the schema of SignedData is
 * slow to set up. The setup would double the time for a receipt.
 */
async function readSignature(
  signerInfo: Uint8Array,
  announced: readonly string[],
): Promise<Pick<SignedData, 'hash' | 'signature'>> {
  const { asn1js, pkijs } = await loadCmsLibrary();
  try {
    const schema = asn1js.fromBER(signerInfo, { parseEmbedded: false }).result;
    const { digestAlgorithm, signatureAlgorithm, signature } = new pkijs.SignerInfo({ schema });
    return {
      hash: hashOf(announced, digestAlgorithm.algorithmId, signatureAlgorithm.algorithmId),
      signature: new Uint8Array(signature.valueBlock.valueHexView),
    };
  } catch (cause) {
    throw new DecodingError('the signer cannot be decoded', { cause });
  }
}

/** SignedData must list the signer's digest algorithm. RFC 5652 §5.1 allows this requirement, and OpenSSL has it too. */
function hashOf(announced: readonly string[], digest: string, signature: string): SignatureHash | undefined {
  const algorithm = announced.includes(digest) ? ALGORITHMS.get(digest) : undefined;
  return algorithm?.signature === signature ? algorithm.hash : undefined;
}
