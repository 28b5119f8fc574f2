import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { dueReceipts, type ReceiptSchedule, receiptDueAt, type StoredReceipt } from '../../src/index.js';
import { assertProperty } from '../support/assert-property.js';
import { NOW } from '../support/certificate-authority.js';
import { expectCode } from '../support/rejection.js';

const SECOND = 1000;
const DAY = 24 * 60 * 60;
const at = (seconds: number, start = NOW): Date => new Date(start.getTime() + seconds * SECOND);
const secondsAfter = (date: Date): number => (date.getTime() - NOW.getTime()) / SECOND;

const fresh: StoredReceipt = { keyId: 'key', type: 'ATTEST', creationTime: NOW, expirationTime: at(90 * DAY) };
const renewed: StoredReceipt = { ...fresh, type: 'RECEIPT', notBefore: at(DAY) };
const due = (receipt: StoredReceipt, schedule?: ReceiptSchedule): number =>
  secondsAfter(receiptDueAt(receipt, schedule));

describe('a receipt is due', () => {
  it('one day after its creation, plus a jitter, if its type is ATTEST', () => {
    expect(due(fresh, { jitter: 0 })).toBe(DAY);
    expect(due(fresh)).toBeGreaterThanOrEqual(DAY);
    expect(due(fresh)).toBeLessThan(1.25 * DAY);
    expect(due(fresh, { afterAttestation: 0 })).toBe(0);
  });

  it('thirty days after its creation, plus a jitter, if its type is RECEIPT', () => {
    expect(due(renewed, { jitter: 0 })).toBe(30 * DAY);
    expect(due(renewed)).toBeGreaterThanOrEqual(30 * DAY);
    expect(due(renewed)).toBeLessThan(37.5 * DAY);
    expect(due(renewed, { interval: 7 * DAY, jitter: 0 })).toBe(7 * DAY);
  });

  it('at notBefore or later', () => {
    expect(due(renewed, { interval: 0 })).toBe(DAY);
    expect(due({ ...renewed, notBefore: at(40 * DAY) }, { jitter: 0 })).toBe(40 * DAY);
    expect(due({ ...renewed, notBefore: at(80 * DAY) })).toBe(80 * DAY);
    expect(due({ ...renewed, notBefore: null }, { interval: 0 })).toBe(0);
  });

  it('at the latest two weeks before it expires, and at a different time for each key', () => {
    const schedule = { interval: 85 * DAY };
    const dues = Array.from({ length: 100 }, (_, index) => due({ ...renewed, keyId: `key ${index}` }, schedule));
    expect(Math.max(...dues)).toBeLessThanOrEqual(76 * DAY);
    expect(Math.min(...dues)).toBeGreaterThanOrEqual((76 - 0.25 * 85) * DAY);
    expect(new Set(dues).size).toBe(100);
    expect(due(renewed, { interval: 85 * DAY, jitter: 0, reserve: 30 * DAY })).toBe(60 * DAY);
  });

  it('two weeks before it expires if the interval is the maximum, and within two intervals if the jitter is 1', () => {
    expect(due(renewed, { interval: 3650 * DAY, jitter: 0 })).toBe(76 * DAY);
    expect(due(renewed, { jitter: 1 })).toBeGreaterThanOrEqual(30 * DAY);
    expect(due(renewed, { jitter: 1 })).toBeLessThan(60 * DAY);
  });

  it('at a time that is always the same for this receipt, and different for another key or another receipt', () => {
    expect(due(renewed)).toBe(due({ ...renewed }));
    expect(due(renewed)).not.toBe(due({ ...renewed, keyId: 'another' }));
    const next = { ...renewed, creationTime: at(1), notBefore: at(DAY + 1), expirationTime: at(90 * DAY + 1) };
    expect(due(next) - 1).not.toBeCloseTo(due(renewed), 0);
  });

  it('not before notBefore, and not after the start of the reserve if notBefore allows this, for any schedule', async () => {
    const seconds = (max: number) => fc.integer({ min: 0, max });
    const arbitrary = fc.record({
      keyId: fc.string(),
      type: fc.constantFrom<'ATTEST' | 'RECEIPT'>('ATTEST', 'RECEIPT'),
      notBefore: fc.option(seconds(100 * DAY), { nil: undefined }),
      lifetime: seconds(120 * DAY),
      schedule: fc.record(
        {
          afterAttestation: seconds(200 * DAY),
          interval: seconds(200 * DAY),
          jitter: fc.double({ min: 0, max: 1, noNaN: true }),
          reserve: seconds(100 * DAY),
        },
        { requiredKeys: [] },
      ),
    });
    await assertProperty(
      fc.property(arbitrary, ({ keyId, type, notBefore, lifetime, schedule }) => {
        const receipt: StoredReceipt = {
          keyId,
          type,
          creationTime: NOW,
          expirationTime: at(lifetime),
          ...(notBefore !== undefined && { notBefore: at(notBefore) }),
        };
        const dueAt = due(receipt, schedule);
        const earliest = notBefore ?? 0;
        expect(dueAt).toBeGreaterThanOrEqual(earliest);
        expect(dueAt).toBeLessThanOrEqual(Math.max(earliest, lifetime - (schedule.reserve ?? 14 * DAY)));
      }),
      { numRuns: 100 },
    );
  });

  it('in the same minute as only a few other receipts, even if all receipts were created at the same time', () => {
    const perMinute = (type: 'ATTEST' | 'RECEIPT', count: number): number[] => {
      const minutes = new Map<number, number>();
      for (let index = 0; index < count; index += 1) {
        const minute = Math.floor(due({ ...renewed, notBefore: at(0), type, keyId: `key ${index}` }) / 60);
        minutes.set(minute, (minutes.get(minute) ?? 0) + 1);
      }
      return [...minutes.values()];
    };
    // Of ten million receipts, about 926 a minute are due over a quarter of 30 days, which is 10 800 minutes. On the day after
    // a simultaneous attestation, about 27 778 a minute are due within a quarter of one day, which is 360 minutes. This test
    // uses a hundredth of these receipts.
    const monthly = perMinute('RECEIPT', 100_000);
    expect(monthly.length).toBeGreaterThan(10_000);
    expect(Math.max(...monthly)).toBeLessThan(40);
    const first = perMinute('ATTEST', 100_000);
    expect(first.length).toBe(360);
    expect(Math.max(...first)).toBeLessThan(400);
  });
});

describe('dueReceipts returns', () => {
  const stored = (keyId: string, createdDaysAgo: number) => ({
    keyId,
    userId: `user of ${keyId}`,
    type: 'RECEIPT' as const,
    creationTime: at(-createdDaysAgo * DAY),
    notBefore: at((1 - createdDaysAgo) * DAY),
    expirationTime: at((90 - createdDaysAgo) * DAY),
  });
  const all = [stored('young', 1), stored('due', 40), stored('expired', 91), stored('older', 60), stored('last', 90)];

  it('due receipts that have not expired, in the order of their expiration', () => {
    const receipts = dueReceipts(all, { date: NOW });
    expect(receipts.map(({ userId }) => userId)).toEqual(['user of last', 'user of older', 'user of due']);
    expect(all.map(({ keyId }) => keyId)).toEqual(['young', 'due', 'expired', 'older', 'last']);
  });

  it('a receipt at the millisecond at which it is due, but not one millisecond earlier', () => {
    const receipt = stored('due', 40);
    const date = receiptDueAt(receipt);
    expect(dueReceipts([receipt], { date })).toEqual([receipt]);
    expect(dueReceipts([receipt], { date: new Date(date.getTime() - 1) })).toEqual([]);
  });

  it('the due receipts of any iterable, according to the given schedule', () => {
    const schedule = { date: NOW, interval: 50 * DAY, jitter: 0 };
    expect(dueReceipts(new Set(all), schedule).map(({ keyId }) => keyId)).toEqual(['last', 'older']);
    expect(dueReceipts([], schedule)).toEqual([]);
  });

  it('receipts that are due at the current time if no date is given', () => {
    vi.useFakeTimers({ now: NOW, toFake: ['Date'] });
    try {
      expect(dueReceipts(all).length).toBe(3);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the arguments of receiptDueAt and dueReceipts', () => {
  it.each([
    ['no receipt', undefined, {}],
    ['a receipt without a key identifier', { ...fresh, keyId: undefined }, {}],
    ['text as the creation time', { ...fresh, creationTime: NOW.toISOString() }, {}],
    ['an invalid expiration time', { ...fresh, expirationTime: new Date(Number.NaN) }, {}],
    ['text as notBefore', { ...fresh, notBefore: NOW.toISOString() }, {}],
    ['null as the schedule', fresh, null],
    ['a negative interval', fresh, { interval: -1 }],
    ['an interval in milliseconds', fresh, { interval: 30 * DAY * SECOND }],
    ['a reserve that is not a number', fresh, { reserve: Number.NaN }],
    ['text as afterAttestation', fresh, { afterAttestation: '1' }],
    ['a jitter above one', fresh, { jitter: 1.1 }],
  ])('are rejected if receiptDueAt is called with %s', async (_, receipt, schedule) => {
    const attempt = () => receiptDueAt(receipt as never, schedule as never);
    await expectCode(attempt, 'invalid_argument');
  });

  it('are rejected if dueReceipts is called with an invalid date, or with null as the options', async () => {
    await expectCode(() => dueReceipts([], { date: new Date(Number.NaN) }), 'invalid_argument');
    await expectCode(() => dueReceipts([], null as never), 'invalid_argument');
  });
});
