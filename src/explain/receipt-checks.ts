import { assertValidity, verifyTrust } from '../certificates/certificate-chain.js';
import { shortHex } from '../errors.js';
import { decodeEvidence } from '../options/evidence.js';
import { asReceipt, MAX_RECEIPT_LENGTH } from '../receipt/receipt.js';
import { decodeReceiptPayload } from '../receipt/receipt-payload.js';
import { assertReceiptSignature } from '../receipt/receipt-signature.js';
import {
  assertReceiptAppId,
  assertReceiptClientHash,
  assertReceiptEnvironment,
  assertReceiptKey,
  assertReceiptType,
} from '../receipt/receipt-subject.js';
import { assertAge, assertNotExpired } from '../receipt/receipt-time.js';
import { decodeSignedData } from '../receipt/signed-data.js';
import { assertReceiptSigner, signerChain } from '../receipt/signer.js';
import { CheckList } from './check-list.js';
import { readPastedEvidence } from './evidence-text.js';
import type { ExpectedReceipt } from './receipt-options.js';

/** What is known about a receipt after its checks. */
export type CheckedReceipt = ExpectedReceipt & Awaited<ReturnType<typeof checkReceipt>>;

/** Makes the checks of `verifyReceipt`, in the same order. */
export async function checkReceipt({
  appIds,
  publicKey,
  clientData,
  type,
  environments,
  maxAge,
  date,
  anchors,
  evidence,
}: ExpectedReceipt) {
  const checks = new CheckList();
  const make = checks.make.bind(checks);
  const decoded = await checks.makeLater('encoding', {}, () => {
    return asReceipt(async () => decodeEvidence(evidence, MAX_RECEIPT_LENGTH));
  });
  const pasted = readPastedEvidence(evidence);
  const bytes = decoded ?? pasted.bytes;

  const signedData = await checks.makeLater(
    'signed data',
    {},
    bytes && (() => asReceipt(() => decodeSignedData(bytes))),
  );
  const payload = await checks.makeLater(
    'payload',
    {},
    signedData &&
      (() => {
        return asReceipt(async () => decodeReceiptPayload(signedData.content));
      }),
  );

  const chain = await checks.makeLater(
    'signer',
    {},
    signedData &&
      (() => {
        return asReceipt(async () => signerChain(signedData, anchors));
      }),
  );
  const trusted = await checks.makeLater('certificate chain', {}, chain && (() => verifyTrust(chain, anchors)));
  const certificates = trusted ?? chain;
  make(
    'certificate validity',
    {},
    certificates &&
      payload &&
      (() => {
        assertValidity(certificates, payload.creationTime);
      }),
  );
  const signer = chain?.[0];
  make('receipt signing certificate', {}, signer && (() => assertReceiptSigner(signer)));
  make('signature', {}, signer && signedData && (() => assertReceiptSignature(signedData, signer)));

  make('App ID', { actual: payload?.appId }, payload && appIds && (() => assertReceiptAppId(payload.appId, appIds)));
  if (publicKey) {
    const actual = payload && shortHex(payload.publicKeyPoint.subarray(1));
    make('key', { actual }, payload && (() => assertReceiptKey(payload.publicKeyPoint, publicKey)));
  }
  if (type) make('type', { actual: payload?.type }, payload && (() => assertReceiptType(payload.type, type)));
  if (clientData) {
    const actual = payload && shortHex(payload.clientHash);
    make('client hash', { actual }, payload && (() => assertReceiptClientHash(payload, clientData.hash)));
  }
  make(
    'environment',
    { actual: payload?.environment },
    payload &&
      (() => {
        assertReceiptEnvironment(payload.environment, environments);
      }),
  );
  make(
    'expiration',
    { actual: payload?.expirationTime.toISOString() },
    payload &&
      (() => {
        assertNotExpired(payload, date);
      }),
  );
  const created = payload?.creationTime.toISOString();
  if (Number.isFinite(maxAge)) make('age', { actual: created }, payload && (() => assertAge(payload, maxAge, date)));

  return { checks, pasted, bytes, signedData, payload, chain, trusted };
}
