import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeCertificate } from '../../src/certificates/certificate.js';
import { decodeCborMap } from '../../src/encoding/cbor-map.js';
import { type VerifyReceiptOptions, verifyReceipt } from '../../src/index.js';
import { decodeReceipt } from '../../src/receipt/receipt.js';
import type { SignedData } from '../../src/receipt/signed-data.js';
import { der, indefinite, octetString, set } from '../../src/testing/encoding/der.js';
import { NOW } from '../support/certificate-authority.js';
import { APP_ID } from '../support/evidence.js';
import {
  contentTypeAttribute,
  createReceiptChain,
  makeReceipt,
  messageDigestAttribute,
  type ReceiptChanges,
  SHA384,
} from '../support/receipts.js';
import {
  attestationFixture,
  attestationRecordings,
  fromBase64,
  hasVerifiableReceipt,
  recordedReceipts,
} from '../support/recordings.js';

const run = promisify(execFile);
const APPLE_ROOT = fileURLToPath(new URL('../../certs/Apple_Root_CA_G3.pem', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'app-attest-openssl-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/**
 * A shell script that runs OpenSSL for each receipt in a folder. It prints the name of each receipt that OpenSSL accepts.
 * `-purpose any` disables the check of the purpose of the signer's certificate.
 */
const SCRIPT = `
for receipt in *.ber; do
  openssl cms -verify -inform DER -in "$receipt" -CAfile "$1" -attime "$2" -purpose any -binary -out payload 2>/dev/null &&
    echo "$receipt"
done
exit 0`;

/** Returns, for each receipt, whether OpenSSL accepts it at the given time. */
async function verifiedByOpenssl(receipts: readonly Uint8Array[], root: string, date: Date): Promise<boolean[]> {
  const cwd = await mkdtemp(join(folder, 'receipts-'));
  await Promise.all(receipts.map((receipt, index) => writeFile(join(cwd, `${index}.ber`), receipt)));
  const seconds = String(Math.floor(date.getTime() / 1000));
  const { stdout } = await run('sh', ['-c', SCRIPT, 'sh', root, seconds], { cwd, maxBuffer: 1 << 24 });
  const names = new Set(stdout.split('\n'));
  return receipts.map((_, index) => names.has(`${index}.ber`));
}

interface Recorded {
  readonly receipt: Uint8Array;
  readonly appId: string;
}

/** Every recorded receipt once. Some recordings contain the receipt of their attestation a second time. */
const recorded: readonly Recorded[] = [
  ...new Map(
    [
      ...attestationRecordings.filter(hasVerifiableReceipt).map(({ attestation, appId }) => {
        return { receipt: receiptIn(attestation.object), appId };
      }),
      ...recordedReceipts.map(({ receipt, appId }) => ({ receipt: fromBase64(receipt.object), appId })),
    ].map((one) => [Buffer.from(one.receipt).toString('base64'), one]),
  ).values(),
];

function receiptIn(attestation: string): Uint8Array {
  return new Uint8Array(decodeCborMap(fromBase64(attestation)).map('attStmt').bytes('receipt'));
}

async function verifiedHere(
  receipt: Uint8Array,
  options: Pick<VerifyReceiptOptions, 'appId' | 'date' | 'trustAnchors'>,
): Promise<boolean> {
  return verifyReceipt({ ...options, receipt, environment: ['production', 'development'] }).then(
    () => true,
    () => false,
  );
}

/** Flips one bit of the byte at the offset. The offset also decides which bit is flipped. */
function changedAt(receipt: Uint8Array, offset: number): Uint8Array {
  return receipt.with(offset, (receipt[offset] ?? 0) ^ (1 << (offset % 8)));
}

/** Returns the offsets of the bytes of the first occurrence of `part` at or after `from`. */
function offsetsOf(receipt: Uint8Array, part: Uint8Array, from = 0): Set<number> {
  const start = Buffer.from(receipt).indexOf(part, from);
  if (start < 0) throw new Error('the receipt does not contain these bytes');
  return new Set(Array.from({ length: part.length }, (_, index) => start + index));
}

/** Returns the offsets of the two bytes of NULL in the first algorithm identifier of SHA-256 at or after `from`. */
function parametersOfSha256(receipt: Uint8Array, from = 0): number[] {
  return [...offsetsOf(receipt, Buffer.from('6086480165030402010500', 'hex'), from)].slice(-2);
}

/**
 * Returns the offsets at which only one of the two verifiers may accept a change. The comments give the reasons. A difference
 * at another offset fails the test.
 */
function differences(receipt: Uint8Array, { certificates, signer }: SignedData) {
  const root = certificates.map(decodeCertificate).find(({ issuer, subject }) => Buffer.from(issuer).equals(subject));
  if (!root || !('issuer' in signer)) throw new Error('the receipt has an unexpected structure');
  const signerInfo = Math.max(...offsetsOf(receipt, root.der));
  const chunkHeads = [...receipt.keys()].filter((offset) => receipt[offset] === 0x04 && receipt[offset + 1] === 0x82);
  // No verifier trusts the root in the receipt, so only its encoding matters. This package requires DER. OpenSSL requires
  // a certificate that it can decode.
  const rootInReceipt = offsetsOf(receipt, root.der);
  return {
    onlyHere: rootInReceipt,
    onlyOpenssl: new Set([
      ...rootInReceipt,
      // RFC 5652 §5.3: content without signed attributes has the type id-data. OpenSSL does not check this.
      ...offsetsOf(receipt, Buffer.from('2a864886f70d010701', 'hex')),
      // X.690 §8.7.3.2: chunks are OCTET STRINGs. OpenSSL also joins chunks of other types.
      ...chunkHeads,
      // OpenSSL compares names case-insensitively. This package compares their bytes.
      ...offsetsOf(receipt, signer.issuer, signerInfo),
      // The parameters of a hash algorithm are absent or NULL (RFC 5754 §2). OpenSSL does not check them.
      ...parametersOfSha256(receipt),
      ...parametersOfSha256(receipt, signerInfo),
      // The digest algorithm and the signature algorithm of the signer must name the hash that was used. OpenSSL also accepts
      // other object identifiers here.
      ...offsetsOf(receipt, Buffer.from('608648016503040201', 'hex'), signerInfo),
      ...offsetsOf(receipt, Buffer.from('2a8648ce3d040302', 'hex'), signerInfo),
    ]),
  };
}

/** Changes the byte at each offset and compares the results of both verifiers. Returns how many receipts both reject. */
async function compareTampered({ receipt, appId }: Recorded, offsets: readonly number[]): Promise<number> {
  const { signedData, payload } = await decodeReceipt(receipt);
  const { onlyHere, onlyOpenssl } = differences(receipt, signedData);
  const changed = offsets.map((offset) => changedAt(receipt, offset));
  const theirs = await verifiedByOpenssl(changed, APPLE_ROOT, payload.creationTime);
  let refused = 0;
  for (const [index, offset] of offsets.entries()) {
    const ours = await verifiedHere(changed[index] ?? receipt, { appId, date: payload.creationTime });
    if (!ours && !theirs[index]) refused += 1;
    if (ours && !theirs[index])
      expect(onlyHere, `only verifyReceipt accepts a change at offset ${offset}`).toContain(offset);
    if (!ours && theirs[index])
      expect(onlyOpenssl, `only OpenSSL accepts a change at offset ${offset}`).toContain(offset);
  }
  return refused;
}

describe('OpenSSL and verifyReceipt', () => {
  it.each(recorded.map((one, index) => [index, one] as const))('accept recorded receipt %i', async (_, one) => {
    const { receipt, appId } = one;
    const { creationTime: date } = (await decodeReceipt(receipt)).payload;
    expect(await verifiedByOpenssl([receipt], APPLE_ROOT, date)).toEqual([true]);
    expect(await verifiedHere(receipt, { appId, date })).toBe(true);
  });

  it('agree on a recorded receipt with one bit of any byte changed, except for explained differences', async () => {
    const { attestation, appId } = attestationFixture('apple-guide-2026');
    const receipt = receiptIn(attestation.object);
    const { signedData } = await decodeReceipt(receipt);
    const refused = await compareTampered({ receipt, appId }, [...receipt.keys()]);
    const signed = signedData.content.length + signedData.signature.length;
    const [signer, intermediate] = signedData.certificates;
    expect(refused).toBeGreaterThan(signed + (signer?.length ?? 0) + (intermediate?.length ?? 0));
    // OpenSSL starts four thousand times, once for each byte.
  }, 600_000);

  it.each(recorded.map((one, index) => [index, one] as const))(
    'agree on recorded receipt %i with one bit of some bytes changed, except for explained differences',
    async (index, one) => {
      const offsets = [...one.receipt.keys()].filter((offset) => offset % 97 === index % 97);
      expect(await compareTampered(one, offsets)).toBeGreaterThan(offsets.length / 2);
    },
  );

  const made: readonly [string, ReceiptChanges, theirs: boolean, ours: boolean][] = [
    ['nothing changed', {}, true, true],
    ['in DER', { encoding: 'DER' }, true, true],
    [
      'in nested chunks',
      { content: (payload) => indefinite(0x24, indefinite(0x24, octetString(payload))) },
      true,
      true,
    ],
    [
      'signed attributes',
      { signedAttributes: (digest) => [contentTypeAttribute, messageDigestAttribute(digest)] },
      true,
      true,
    ],
    [
      'the signer identified by its key identifier',
      { signerIdentifier: () => der(0x80, Buffer.alloc(20, 7)) },
      true,
      true,
    ],
    ['SHA-384', { hash: 'sha384' }, true, true],
    ['another payload', { tamper: (payload) => payload.with(payload.length - 3, 0x39) }, false, false],
    [
      'another signed digest',
      { signedAttributes: () => [contentTypeAttribute, messageDigestAttribute(Buffer.alloc(32))] },
      false,
      false,
    ],
    ['no signed content type', { signedAttributes: (digest) => [messageDigestAttribute(digest)] }, false, false],
    ['a hash that is not in digestAlgorithms', { digestAlgorithms: set(SHA384) }, false, false],
    ['no intermediate', { certificates: ({ signer, root }) => [signer.der, root.der] }, false, false],
    ['no signer', { certificates: ({ intermediate, root }) => [intermediate.der, root.der] }, false, false],
  ];
  it('agree on receipts of a test chain, and reject all of them with Apple’s root', async () => {
    const chain = await createReceiptChain();
    const root = join(folder, 'root.pem');
    await writeFile(root, new X509Certificate(chain.root.der).toString());
    const receipts = await Promise.all(made.map(([, changes]) => makeReceipt(chain, changes)));
    const options = { appId: APP_ID, date: NOW };

    const theirs = await verifiedByOpenssl(receipts, root, NOW);
    const underApple = await verifiedByOpenssl(receipts, APPLE_ROOT, NOW);
    for (const [index, [name, , theirVerdict, ourVerdict]] of made.entries()) {
      const receipt = receipts[index] ?? new Uint8Array();
      expect(theirs[index], name).toBe(theirVerdict);
      expect(await verifiedHere(receipt, { ...options, trustAnchors: [chain.root.der] }), name).toBe(ourVerdict);
      expect([underApple[index], await verifiedHere(receipt, options)], name).toEqual([false, false]);
    }
  });

  it('disagree if the signer lacks Apple’s extension, which OpenSSL ignores', async () => {
    const chain = await createReceiptChain({ signer: { extensions: {} } });
    const root = join(folder, 'unmarked.pem');
    await writeFile(root, new X509Certificate(chain.root.der).toString());
    const receipt = await makeReceipt(chain);
    expect(await verifiedByOpenssl([receipt], root, NOW)).toEqual([true]);
    expect(await verifiedHere(receipt, { appId: APP_ID, date: NOW, trustAnchors: [chain.root.der] })).toBe(false);
  });
});
