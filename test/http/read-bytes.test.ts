import { describe, expect, it } from 'vitest';
import { BodyBudget, BodyShare } from '../../src/http/body-budget.js';
import { AppAttestHttpError } from '../../src/http/index.js';
import { openBody } from '../../src/http/read-bytes.js';
import { costOf } from '../support/cost.js';

const MEGABYTE = 1024 * 1024;

const read = async (
  body: AsyncIterable<unknown> | Uint8Array,
  length: number,
  headers: Record<string, string> = {},
  budget = new BodyBudget(MEGABYTE),
) => {
  const header = (name: string) => headers[name];
  const nothing = () => undefined;
  const incoming = {
    method: 'POST',
    target: '/',
    header,
    body: () => body,
    discardBody: nothing,
    finishBody: async () => undefined,
    passOnBody: nothing,
    afterAnswer: setImmediate,
  };
  const readOpened = await openBody(incoming, { length, timeout: 1 });
  return readOpened(new BodyShare(budget));
};

async function* chunks(size: number, count: number) {
  for (let index = 0; index < count; index += 1) yield new Uint8Array(size).fill(index);
}

const refused = (code: string) => expect.objectContaining({ name: AppAttestHttpError.name, code });

describe('a body', () => {
  it.each([0, 1, 16_383, 16_384, 16_385, 40_000])('of %i bytes is read unchanged', async (length) => {
    const bytes = Uint8Array.from({ length }, (_, index) => index % 251);
    async function* halves() {
      yield bytes.subarray(0, length / 2);
      yield bytes.subarray(length / 2);
    }
    expect(await read(halves(), length)).toEqual(bytes);
    expect(await read(bytes, length)).toEqual(bytes);
  });

  it('may be as long as the limit, but not longer', async () => {
    expect((await read(chunks(10, 10), 100)).length).toBe(100);
    await expect(read(chunks(10, 10), 99)).rejects.toEqual(refused('body_too_large'));
    await expect(read(new Uint8Array(100), 99)).rejects.toEqual(refused('body_too_large'));
  });

  it('is not read if Content-Length exceeds the limit', async () => {
    let asked = false;
    async function* body() {
      asked = true;
      yield new Uint8Array(1);
    }
    await expect(read(body(), 99, { 'content-length': '100' })).rejects.toEqual(refused('body_too_large'));
    expect(asked).toBe(false);
  });

  it('is not read further after it exceeds the limit', async () => {
    let left = false;
    async function* body() {
      try {
        for (;;) yield new Uint8Array(10);
      } finally {
        left = true;
      }
    }
    await expect(read(body(), 99)).rejects.toEqual(refused('body_too_large'));
    await expect.poll(() => left).toBe(true);
  });

  it('is rejected if it was converted to text, because its bytes are lost', async () => {
    async function* body() {
      yield '{}';
    }
    await expect(read(body(), 99)).rejects.toEqual(refused('body_already_read'));
  });

  it('in 262 144 chunks of one byte uses less than 60 MB of memory', async () => {
    const { megabytes } = await costOf(() => read(chunks(1, MEGABYTE / 4), MEGABYTE));
    expect(megabytes).toBeLessThan(60);
  });

  it('of one byte uses less than 100 kB of memory, even if Content-Length announces a million bytes', async () => {
    const held: unknown[] = [];
    const { megabytes } = await costOf(async () => {
      const waiting = Array.from({ length: 100 }, () => read(chunks(1, 1), MEGABYTE, { 'content-length': '1000000' }));
      held.push(await Promise.all(waiting));
    });
    expect(megabytes).toBeLessThan(10);
  });
});
