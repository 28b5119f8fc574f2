import { describe, expect, it } from 'vitest';
import { type VerifyReceiptOptions, verifyAttestation, verifyReceipt } from '../../src/index.js';
import { decodeReceipt } from '../../src/receipt/receipt.js';
import {
  attestationOptions,
  attestationRecordings,
  fromBase64,
  hasSharedRecordings,
  hasVerifiableReceipt,
  recordedReceipts,
} from '../support/recordings.js';
import { expectCode } from '../support/rejection.js';

const date = (time: string | null): Date | undefined => (time === null ? undefined : new Date(time));

describe.skipIf(!hasSharedRecordings)(`the recorded receipts (${recordedReceipts.length})`, () => {
  it('are at least eleven, and include both types', () => {
    expect(recordedReceipts.length).toBeGreaterThanOrEqual(11);
    expect(new Set(recordedReceipts.map(({ receipt }) => receipt.type))).toEqual(new Set(['ATTEST', 'RECEIPT']));
  });

  for (const { title, receipt, appId, environment, publicKey } of recordedReceipts) {
    it(`include ${title}, and verifyReceipt returns all its fields`, async () => {
      expect(environment).toBe(receipt.environment === 'sandbox' ? 'development' : 'production');
      const verified = await verifyReceipt({
        receipt: receipt.object,
        appId,
        environment,
        ...(publicKey !== undefined && { publicKey }),
        maxAge: 1,
        date: new Date(receipt.creationTime),
      });
      const notBefore = date(receipt.notBefore);
      expect(verified).toEqual({
        type: receipt.type,
        appId,
        environment,
        clientHash: fromBase64(receipt.clientHash),
        token: receipt.token,
        creationTime: new Date(receipt.creationTime),
        ...(notBefore && { notBefore }),
        expirationTime: new Date(receipt.expirationTime),
        ...(receipt.riskMetric !== null && { riskMetric: receipt.riskMetric }),
        publicKey,
      });
    });
  }

  for (const { name, title, receipt, appId, environment } of recordedReceipts) {
    it(`include ${title}, which matches the challenge of the attestation only if its type is ATTEST`, async () => {
      const recording = attestationRecordings.find((candidate) => candidate.name === name);
      if (!recording) return expect.fail(`no attestation in ${name}`);
      const { challenge = '' } = attestationOptions(recording);
      const options = { receipt: receipt.object, appId, environment, date: new Date(receipt.creationTime), challenge };
      if (receipt.type === 'ATTEST') {
        await expect(verifyReceipt(options)).resolves.toHaveProperty('type', 'ATTEST');
      } else {
        const error = await expectCode(() => verifyReceipt(options), 'receipt_challenge_mismatch');
        expect(error.message).toContain('does not contain the original client data hash');
      }
    });
  }

  for (const { title, receipt, appId, environment } of recordedReceipts) {
    it(`include ${title}, which is rejected if production is expected, and which has expired`, async () => {
      const options = { receipt: receipt.object, appId, date: new Date(receipt.creationTime) };
      await expectCode(() => verifyReceipt(options), 'environment_mismatch');
      await expectCode(() => verifyReceipt({ receipt: receipt.object, appId, environment }), 'receipt_expired');
    });
  }
});

describe(`the receipts in the recorded attestations (${attestationRecordings.length})`, () => {
  const verifiable = attestationRecordings.filter(hasVerifiableReceipt);
  const unverifiable = attestationRecordings.filter((recording) => !hasVerifiableReceipt(recording));

  it.skipIf(!hasSharedRecordings)(
    'include at least twenty receipts whose signature can be verified, and three other receipts',
    () => {
      expect(verifiable.length).toBeGreaterThanOrEqual(20);
      expect(unverifiable.length).toBe(3);
    },
  );

  for (const recording of verifiable) {
    it(`include the receipt of ${recording.name}, which was issued for the challenge of the attestation`, async () => {
      const options = attestationOptions(recording);
      const { receipt, appId, publicKey, environment } = await verifyAttestation(options);
      const { creationTime: date } = (await decodeReceipt(receipt)).payload;
      const verify = (more: Partial<VerifyReceiptOptions>) => {
        return verifyReceipt({ receipt, appId, publicKey, environment, date, type: 'ATTEST', ...more });
      };
      const { challenge, clientDataHash } = options;
      const verified = await verify({ ...(challenge && { challenge }), ...(clientDataHash && { clientDataHash }) });
      expect(verified.type).toBe('ATTEST');
      await expectCode(() => verify({ challenge: 'another' }), 'receipt_challenge_mismatch');
      await expectCode(() => verify({ type: 'RECEIPT' }), 'receipt_challenge_mismatch');
    });
  }

  for (const old of unverifiable) {
    it(`include the receipt of ${old.name}, which is from before October 2020 and has no verifiable signature`, async () => {
      const { receipt, appId, environment } = await verifyAttestation(attestationOptions(old));
      const { creationTime: date } = (await decodeReceipt(receipt)).payload;
      await expectCode(() => verifyReceipt({ receipt, appId, environment, date }), 'invalid_signature');
    });
  }

  for (const recording of verifiable) {
    it(`include the receipt of ${recording.name}, which contains the attested key`, async () => {
      const { receipt, appId, publicKey, environment } = await verifyAttestation(attestationOptions(recording));
      const { creationTime } = (await decodeReceipt(receipt)).payload;
      const verified = await verifyReceipt({ receipt, appId, publicKey, environment, maxAge: 300, date: creationTime });

      expect(verified.type).toBe('ATTEST');
      expect(verified.publicKey).toBe(publicKey);
      expect(verified.environment).toBe(recording.environment);
      expect(verified.riskMetric).toBeUndefined();
      expect(verified.expirationTime.getTime() - creationTime.getTime()).toBe(90 * 24 * 60 * 60 * 1000);
    });
  }

  it('are rejected for another key, for another app, and if they are older than maxAge', async () => {
    const [one, other] = await Promise.all(
      attestationRecordings.slice(0, 2).map((recording) => verifyAttestation(attestationOptions(recording))),
    );
    if (!one || !other) return expect.fail('two fixtures are needed');
    const { receipt, appId, publicKey, environment } = one;
    const { creationTime } = (await decodeReceipt(receipt)).payload;
    const options = { receipt, appId, publicKey, environment, date: creationTime };
    await expectCode(() => verifyReceipt({ ...options, publicKey: other.publicKey }), 'receipt_key_mismatch');
    await expectCode(() => verifyReceipt({ ...options, appId: other.appId }), 'app_id_mismatch');
    const later = new Date(creationTime.getTime() + 300_001);
    await expectCode(() => verifyReceipt({ ...options, maxAge: 300, date: later }), 'receipt_too_old');
  });
});
