import * as pkijs from 'pkijs';
import { APPLE_ROOT_CA_G3 } from '../src/certificates/apple-roots.js';
import { decodeCborMap } from '../src/encoding/cbor-map.js';
import { verifyReceipt } from '../src/index.js';
import { decodeReceipt } from '../src/receipt/receipt.js';
import { attestationRecordings, fromBase64, recordedReceipts } from '../test/support/recordings.js';

/*
 * Compares verifyReceipt with the verification of pkijs, on all recorded receipts. pkijs verifies the signature and the
 * certificate chain, but does not decode the payload. The two functions take turns, so that other work on the machine slows both
 * equally. The benchmark fails if verifyReceipt takes more than a fifth of the time of pkijs.
 *
 *   npm run bench -- receipt [rounds]
 */

const LIMIT = 1 / 5;
const rounds = Number(process.argv[2] ?? 20);

interface Subject {
  readonly receipt: Uint8Array;
  readonly appId: string;
  readonly date: Date;
}

async function subjects(): Promise<Subject[]> {
  const inAttestations = attestationRecordings.map(({ attestation, appId }) => {
    const object = decodeCborMap(fromBase64(attestation.object));
    return { receipt: new Uint8Array(object.map('attStmt').bytes('receipt')), appId };
  });
  const recorded = recordedReceipts.map(({ receipt, appId }) => ({ receipt: fromBase64(receipt.object), appId }));
  return Promise.all(
    [...inAttestations, ...recorded].map(async (subject) => {
      return { ...subject, date: (await decodeReceipt(subject.receipt)).payload.creationTime };
    }),
  );
}

const pem = APPLE_ROOT_CA_G3.replace(/-----[^-]+-----|\s/g, '');
const appleRoot = pkijs.Certificate.fromBER(fromBase64(pem));

async function verifyWithPkijs({ receipt, date }: Subject): Promise<void> {
  const signedData = new pkijs.SignedData({ schema: pkijs.ContentInfo.fromBER(receipt).content });
  const result = await signedData.verify({
    signer: 0,
    checkChain: true,
    trustedCerts: [appleRoot],
    checkDate: date,
    extendedMode: true,
  });
  if (!result.signatureVerified || !result.signerCertificateVerified)
    throw new Error('pkijs rejects a recorded receipt');
}

async function verifyWithAppAttest({ receipt, appId, date }: Subject): Promise<void> {
  await verifyReceipt({ receipt, appId, date, environment: ['production', 'development'] });
}

/** Returns the time per receipt, in milliseconds. */
async function time(verify: (subject: Subject) => Promise<void>, all: readonly Subject[]): Promise<number> {
  const start = performance.now();
  for (const subject of all) await verify(subject);
  return (performance.now() - start) / all.length;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const all = await subjects();
const theirs: number[] = [];
const ours: number[] = [];
for (let round = 0; round < rounds + 2; round += 1) {
  const [their, our] = [await time(verifyWithPkijs, all), await time(verifyWithAppAttest, all)];
  // The first two rounds are the warm-up.
  if (round >= 2) theirs.push(their);
  if (round >= 2) ours.push(our);
}
const ratios = theirs.map((their, round) => (ours[round] ?? Number.NaN) / their);
console.log(`${all.length} recorded receipts, ${rounds} rounds; median time per receipt in milliseconds`);
console.log(`pkijs           ${median(theirs).toFixed(2)}`);
console.log(`verifyReceipt   ${median(ours).toFixed(2)}`);
console.log(`ratio           1 : ${(1 / median(ratios)).toFixed(1)}  (the limit is 1 : ${1 / LIMIT})`);
if (!(median(ratios) < LIMIT)) process.exitCode = 1;
