import { describe, expect, it } from 'vitest';
import { verifyReceipt } from '../../src/index.js';
import { der, NULL, sequence } from '../../src/testing/encoding/der.js';
import { issueCertificate, KeyUsageFlags, NOW, ROOT_PROFILE } from '../support/certificate-authority.js';
import { APP_ID } from '../support/evidence.js';
import {
  createReceiptChain,
  makeReceipt,
  minutesFromNow,
  nameOfLength,
  RECEIPT_SIGNING_OID,
  type ReceiptChanges,
  serialNumberOfLength,
} from '../support/receipts.js';
import { expectCode } from '../support/rejection.js';
import { chain, verify, withFields } from '../support/verified-receipts.js';

describe('the certificates of a receipt', () => {
  const DAY = 24 * 60;

  it('are not trusted if they have Apple’s names but do not end at a trust anchor', async () => {
    const receipt = await makeReceipt(chain);
    await expectCode(() => verifyReceipt({ receipt, appId: APP_ID, date: NOW }), 'untrusted_certificate');
    await expectCode(
      async () => verify({}, { trustAnchors: [(await createReceiptChain()).root.der] }),
      'untrusted_certificate',
    );
  });

  const untrusted: readonly [string, ReceiptChanges][] = [
    [
      'the certificate of the signer is missing',
      { certificates: ({ intermediate, root }) => [intermediate.der, root.der] },
    ],
    ['the intermediate is missing', { certificates: ({ signer, root }) => [signer.der, root.der] }],
    [
      'the signer identifier contains another serial number',
      { signerIdentifier: (issuer) => issuer.with(issuer.length - 1, 2) },
    ],
    ['the signer identifier contains another issuer', { signerIdentifier: (issuer) => issuer.with(20, 0x41) }],
    [
      'the signer identifier contains another key identifier',
      { signerIdentifier: () => der(0x80, Buffer.alloc(20, 8)) },
    ],
    [
      'the signer identifier contains a key identifier of 64 bytes that no certificate has',
      { signerIdentifier: () => der(0x80, new Uint8Array(64)) },
    ],
    [
      'the signer identifier contains an issuer name of 1 KiB and a serial number of 32 octets that no certificate has',
      { signerIdentifier: () => sequence(nameOfLength(1024), serialNumberOfLength(32)) },
    ],
  ];
  it.each(untrusted)('are not trusted if %s', async (_, changes) => {
    await expectCode(() => verify(changes), 'untrusted_certificate');
  });

  it('are not trusted if one of them comes from another chain with the same names', async () => {
    const other = await createReceiptChain();
    await expectCode(
      () => verify({ certificates: () => [chain.signer.der, other.intermediate.der, chain.root.der] }),
      'untrusted_certificate',
    );
    await expectCode(
      () => verify({ certificates: () => [other.signer.der, chain.intermediate.der, chain.root.der] }),
      'untrusted_certificate',
    );
  });

  it('are verified up to the trust anchor, even if the receipt contains another root with the same name', async () => {
    const { root } = await createReceiptChain();
    const certificates = () => [chain.signer.der, chain.intermediate.der, root.der];
    expect((await verify({ certificates })).type).toBe('ATTEST');
    await expectCode(() => verify({ certificates }, { trustAnchors: [root.der] }), 'untrusted_certificate');
    const another = await createReceiptChain({ root: { subject: 'CN=Another', issuer: 'CN=Another' } });
    const trustAnchors = [another.root.der, chain.root.der];
    expect((await verify({ certificates }, { trustAnchors })).type).toBe('ATTEST');
  });

  it('may include three certificates between the signer and the trust anchor, but not four', async () => {
    const long = await createReceiptChain({ intermediate: { issuer: 'CN=1' } });
    const { keys, profile } = long.root;
    const verifyBelow = async (...names: string[]) => {
      const issued = names.map(async (subject, index) => {
        const issuer = names[index + 1] ?? profile.subject;
        return (await issueCertificate({ ...ROOT_PROFILE, subject, issuer }, keys)).der;
      });
      const above = await Promise.all(issued);
      return verify({ certificates: ({ signer, intermediate }) => [signer.der, intermediate.der, ...above] }, {}, long);
    };
    expect((await verifyBelow('CN=1', 'CN=2')).type).toBe('ATTEST');
    await expectCode(() => verifyBelow('CN=1', 'CN=2', 'CN=3'), 'untrusted_certificate');
  });

  it('are not trusted if the last certificate is its own issuer but not a trust anchor', async () => {
    const circle = await createReceiptChain({
      intermediate: { issuer: 'CN=Nobody' },
      root: { subject: 'CN=Nobody', issuer: 'CN=Nobody' },
    });
    await expectCode(() => verify({}, { trustAnchors: [chain.root.der] }, circle), 'untrusted_certificate');
  });

  it('are not trusted if the certificate of the signer does not have Apple’s extension for receipt signing', async () => {
    const unmarked = await createReceiptChain({ signer: { extensions: {} } });
    await expectCode(() => verify({}, {}, unmarked), 'untrusted_certificate');
    const similar = await createReceiptChain({ signer: { extensions: { '1.2.840.113635.100.12.1': NULL } } });
    await expectCode(() => verify({}, {}, similar), 'untrusted_certificate');
  });

  it('are not trusted if the signer is a CA, or if the key usage of the signer does not allow signing', async () => {
    const signing = await createReceiptChain({ signer: { ca: true, extensions: { [RECEIPT_SIGNING_OID]: NULL } } });
    await expectCode(() => verify({}, {}, signing), 'untrusted_certificate');
    const agreeing = await createReceiptChain({
      signer: { keyUsage: KeyUsageFlags.keyAgreement, extensions: { [RECEIPT_SIGNING_OID]: NULL } },
    });
    await expectCode(() => verify({}, {}, agreeing), 'untrusted_certificate');
  });

  it('are verified at the creation time of the receipt, not at the current time', async () => {
    const expired = await createReceiptChain({
      signer: { notAfter: minutesFromNow(-0.5), extensions: { [RECEIPT_SIGNING_OID]: NULL } },
    });
    expect((await verify({}, {}, expired)).type).toBe('ATTEST');
    expect((await verify({}, { date: minutesFromNow(30 * DAY) })).type).toBe('ATTEST');
    await expectCode(() => verify(withFields({ 12: NOW.toISOString() }), {}, expired), 'certificate_expired');
    const early = withFields({ 12: minutesFromNow(-2 * DAY).toISOString() });
    await expectCode(() => verify(early), 'certificate_expired');
  });
});
