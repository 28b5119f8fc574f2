import type { AsnType } from 'asn1js';
import type { AlgorithmIdentifier } from 'pkijs';
import { readDer } from '../certificates/der.js';
import { DecodingError } from '../decoding-error.js';
import { type BerElement, octetsOf, readBer } from './ber.js';
import { type CertificateNames, readCertificateNames } from './certificate-names.js';

/** CMS SignedData (RFC 5652 §5) whose form has been checked, and nothing else: no signature, no certificate. */
export interface SignedData {
  /** What is signed, its chunks put together. */
  readonly content: Uint8Array;
  /** The certificates that came along, in no order that means anything. */
  readonly certificates: readonly CertificateNames[];
  readonly signer: SignerIdentifier;
  /** The hash under content and signature; `undefined` where they differ or are not ECDSA with SHA-2. */
  readonly hash: HashName | undefined;
  /** What the signer signed besides the content, if anything. */
  readonly signedAttributes: SignedAttributes | undefined;
  /** ECDSA, DER. */
  readonly signature: Uint8Array;
}

export type HashName = 'sha256' | 'sha384' | 'sha512';

/** RFC 5652 §5.3: by issuer and serial number, or by subject key identifier. */
export type SignerIdentifier =
  | { readonly issuer: Uint8Array; readonly serialNumber: Uint8Array }
  | { readonly subjectKeyIdentifier: Uint8Array };

export interface SignedAttributes {
  /** The DER of the SET OF attributes: the message that is signed in place of the content (RFC 5652 §5.4). */
  readonly bytes: Uint8Array;
  readonly messageDigest: Uint8Array;
}

/** Contents of OBJECT IDENTIFIERs. */
const Oid = {
  SignedData: Buffer.from('2a864886f70d010702', 'hex'), // 1.2.840.113549.1.7.2
  Data: Buffer.from('2a864886f70d010701', 'hex'), // 1.2.840.113549.1.7.1
  ContentType: Buffer.from('2a864886f70d010903', 'hex'), // 1.2.840.113549.1.9.3
  MessageDigest: Buffer.from('2a864886f70d010904', 'hex'), // 1.2.840.113549.1.9.4
} as const;

const Identifier = {
  OctetString: 0x04,
  ObjectIdentifier: 0x06,
  Sequence: 0x30,
  Set: 0x31,
  SignedAttributes: 0xa0,
  UnsignedAttributes: 0xa1,
} as const;

/** By the object identifier of the digest algorithm: that of ECDSA with it, and its name. RFC 5754 §2.2 and §3.3. */
const ALGORITHMS: ReadonlyMap<string, { readonly signature: string; readonly hash: HashName }> = new Map([
  ['2.16.840.1.101.3.4.2.1', { signature: '1.2.840.10045.4.3.2', hash: 'sha256' }],
  ['2.16.840.1.101.3.4.2.2', { signature: '1.2.840.10045.4.3.3', hash: 'sha384' }],
  ['2.16.840.1.101.3.4.2.3', { signature: '1.2.840.10045.4.3.4', hash: 'sha512' }],
]);

/**
 * The identifiers of an element's children, for what RFC 5652 says. A schema of pkijs passes over what follows behind
 * what it knows.
 */
const Shape = {
  /** OID, [0] content */
  ContentInfo: /^06 a0$/,
  Content: /^30$/,
  /** version, digest algorithms, content, [0] certificates, [1] revocation lists, signers */
  SignedData: /^02 31 30 a0 (a1 )?31$/,
  DigestAlgorithms: /^(30( 30){0,7})?$/,
  /** OID, [0] content */
  EncapsulatedContentInfo: /^06 a0$/,
  EncapsulatedContent: /^(04|24)$/,
  /** At most eight; Apple sends three. Each costs a look at its names. */
  Certificates: /^30( 30){0,7}$/,
  SignerInfos: /^30$/,
  /** version, identifier, digest algorithm, [0] signed attributes, signature algorithm, signature, [1] unsigned ones */
  SignerInfo: /^02 (30|80) 30 (a0 )?30 04( a1)?$/,
  IssuerAndSerialNumber: /^30 02$/,
  /** At most sixteen; Apple sends none. */
  Attributes: /^30( 30){0,15}$/,
  Attribute: /^06 31$/,
} as const;

/** The children of an element, which must be of that shape. */
function childrenOf(element: BerElement | undefined, shape: RegExp, name: string): readonly BerElement[] {
  const { children } = element ?? { children: [] };
  const identifiers = children.map(({ identifier }) => identifier.toString(16).padStart(2, '0')).join(' ');
  if (!shape.test(identifiers)) throw new DecodingError(`${name} is not made as CMS asks`);
  return children;
}

/**
 * Decodes CMS SignedData with one signer, in DER or in BER with indefinite lengths and content in chunks.
 *
 * What is compared or verified byte by byte (content, certificates, the signer's identifier, signed attributes) is cut
 * out as it came; what the signer says (algorithms, signature) is read by pkijs, which sees nothing that is not known to
 * be well-formed.
 *
 * @throws DecodingError
 */
export async function decodeSignedData(bytes: Uint8Array): Promise<SignedData> {
  const contentInfo = readBer(bytes);
  if (contentInfo.identifier !== Identifier.Sequence) throw new DecodingError('not CMS SignedData');
  const [contentType, wrapped] = childrenOf(contentInfo, Shape.ContentInfo, 'ContentInfo');
  if (!contentType || !Oid.SignedData.equals(contentType.contents)) throw new DecodingError('not CMS SignedData');
  const [signedData] = childrenOf(wrapped, Shape.Content, 'ContentInfo');

  const parts = childrenOf(signedData, Shape.SignedData, 'SignedData');
  const [, digestAlgorithms, encapContentInfo, certificates] = parts;
  const [signerInfo] = childrenOf(parts.at(-1), Shape.SignerInfos, 'the set of signers');
  const [, identifier, , ...behind] = childrenOf(signerInfo, Shape.SignerInfo, 'SignerInfo');
  const signedAttributes = behind.find((element) => element.identifier === Identifier.SignedAttributes);
  const unsignedAttributes = behind.find((element) => element.identifier === Identifier.UnsignedAttributes);
  if (unsignedAttributes) childrenOf(unsignedAttributes, Shape.Attributes, 'the set of unsigned attributes');

  if (!encapContentInfo || !signerInfo) throw new DecodingError('SignedData is incomplete');

  const cutOut = {
    content: readContent(encapContentInfo),
    certificates: childrenOf(certificates, Shape.Certificates, 'the set of certificates').map((certificate) => {
      return readCertificateNames(certificate.bytes);
    }),
    signer: readSignerIdentifier(identifier),
    signedAttributes: signedAttributes && readSignedAttributes(signedAttributes),
  };
  const algorithms = childrenOf(digestAlgorithms, Shape.DigestAlgorithms, 'the set of digest algorithms');
  return { ...cutOut, ...(await readSigner(algorithms, signerInfo)) };
}

/**
 * Loads pkijs with the first receipt: most servers verify none, and it takes tens of milliseconds. Not its SignedData:
 * to set up the schema of all that one may hold takes as long as all the rest.
 */
async function readSigner(
  digestAlgorithms: readonly BerElement[],
  signerInfo: BerElement,
): Promise<Pick<SignedData, 'hash' | 'signature'>> {
  const [asn1js, pkijs] = await Promise.all([import('asn1js'), import('pkijs')]);
  const schemaOf = ({ bytes }: BerElement): AsnType => asn1js.fromBER(bytes, { parseEmbedded: false }).result;
  try {
    const announced = digestAlgorithms.map((element) => {
      return new pkijs.AlgorithmIdentifier({ schema: schemaOf(element) });
    });
    const signer = new pkijs.SignerInfo({ schema: schemaOf(signerInfo) });
    return {
      hash: readHash(announced, signer.digestAlgorithm, signer.signatureAlgorithm),
      signature: new Uint8Array(signer.signature.valueBlock.valueHexView),
    };
  } catch (cause) {
    throw new DecodingError('the signer cannot be read', { cause });
  }
}

/** RFC 5652 §5.1: a verifier may ask for the signer's digest algorithm among those named in front. OpenSSL does. */
function readHash(
  announced: readonly AlgorithmIdentifier[],
  digest: AlgorithmIdentifier,
  signature: AlgorithmIdentifier,
): HashName | undefined {
  const algorithm = ALGORITHMS.get(digest.algorithmId);
  const isAnnounced = announced.some(({ algorithmId }) => algorithmId === digest.algorithmId);
  return isAnnounced && algorithm?.signature === signature.algorithmId ? algorithm.hash : undefined;
}

/** RFC 5652 §5.3: without signed attributes, as Apple's receipts are, the content must be of the type id-data. */
function readContent(encapContentInfo: BerElement): Uint8Array {
  const [type, explicit] = childrenOf(encapContentInfo, Shape.EncapsulatedContentInfo, 'EncapsulatedContentInfo');
  const [content] = childrenOf(explicit, Shape.EncapsulatedContent, 'the content');
  if (!type || !content) throw new DecodingError('the content is missing');
  if (!Oid.Data.equals(type.contents)) throw new DecodingError('the content is not of the type id-data');
  return octetsOf(content);
}

function readSignerIdentifier(identifier: BerElement | undefined): SignerIdentifier {
  if (identifier?.children.length === 0) return { subjectKeyIdentifier: identifier.contents };
  const [issuer, serialNumber] = childrenOf(identifier, Shape.IssuerAndSerialNumber, 'the identifier of the signer');
  if (!issuer || !serialNumber) throw new DecodingError('the identifier of the signer is incomplete');
  return { issuer: issuer.bytes, serialNumber: serialNumber.bytes };
}

/** Content type and message digest must stand there, once each, with one value (RFC 5652 §5.3, §11.1 and §11.2). */
function readSignedAttributes(attributes: BerElement): SignedAttributes {
  // What is hashed is a SET OF in DER, whatever the message around it is written in, and not the [0] in its place.
  const bytes = new Uint8Array(attributes.bytes);
  bytes[0] = Identifier.Set;
  readDer(bytes);
  const contentType = readSingleValue(attributes, Oid.ContentType, Identifier.ObjectIdentifier);
  if (!Oid.Data.equals(contentType))
    throw new DecodingError('the signed content type is another than that of the content');
  return { bytes, messageDigest: readSingleValue(attributes, Oid.MessageDigest, Identifier.OctetString) };
}

function readSingleValue(attributes: BerElement, oid: Buffer, identifier: number): Uint8Array {
  const all = childrenOf(attributes, Shape.Attributes, 'the set of signed attributes');
  const values = all.flatMap((attribute) => {
    const [type, set] = childrenOf(attribute, Shape.Attribute, 'a signed attribute');
    return type && set && oid.equals(type.contents) ? [set.children] : [];
  });
  const [[value, ...moreValues] = [], ...moreAttributes] = values;
  if (value?.identifier !== identifier || moreValues.length > 0 || moreAttributes.length > 0) {
    throw new DecodingError('a signed attribute is missing, or stands there twice, or is of another type');
  }
  return value.contents;
}
