import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inspectReceipt, verifyReceipt } from '../../src/index.js';
import { CostOfGenuine } from '../support/cost-of-genuine.js';
import { expectCode } from '../support/rejection.js';

interface SlowReceipts {
  readonly appId: string;
  readonly trustAnchor: string;
  readonly publicKey: string;
  readonly date: string;
  readonly receipts: readonly {
    readonly name: string;
    readonly expected: 'malformed_receipt';
    readonly receipt: string;
  }[];
}

const CASES = new URL('../../../shared/cases/slow-receipts.json', import.meta.url);

describe.skipIf(!existsSync(CASES))('a malformed receipt that asn1js decodes in up to a second', async () => {
  if (!existsSync(CASES)) return;
  const cases: SlowReceipts = JSON.parse(readFileSync(CASES, 'utf8'));
  const options = {
    appId: cases.appId,
    publicKey: Buffer.from(cases.publicKey, 'base64'),
    date: new Date(cases.date),
    trustAnchors: [cases.trustAnchor],
  };
  const slow = cases.receipts.filter(({ expected }) => expected === 'malformed_receipt');
  const [genuine, ...others] = cases.receipts.filter((each) => !slow.includes(each));
  if (!genuine) throw new Error('slow-receipts.json contains no genuine receipt');
  const cost = await CostOfGenuine.measure(() => verifyReceipt({ ...options, receipt: genuine.receipt }));

  it('is one of three receipts in slow-receipts.json, which also contains one genuine receipt', () => {
    expect([slow.length, others.length]).toEqual([3, 0]);
  });

  for (const { name, receipt } of slow) {
    it(`is rejected at no more than ten times the cost of a genuine receipt: ${name}`, async () => {
      await expectCode(() => verifyReceipt({ ...options, receipt }), 'malformed_receipt');
      expect(await cost.excess(() => verifyReceipt({ ...options, receipt }).catch(() => undefined))).toBeUndefined();
      expect(await cost.excess(() => inspectReceipt(receipt))).toBeUndefined();
    });
  }
});
