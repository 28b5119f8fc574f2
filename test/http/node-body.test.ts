import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { NodeBody } from '../../src/http/node-body.js';

const streamOf = (chunks: readonly unknown[], options: ConstructorParameters<typeof Readable>[0] = {}): Readable => {
  const stream = new Readable({ read: () => undefined, ...options });
  for (const chunk of chunks) stream.push(chunk);
  return stream;
};
const bodyOf = (stream: Readable, length: number | undefined) => new NodeBody({ stream, length, advice: 'none' });
const bytes = (text: string) => Buffer.from(text);

describe('the body of a Node.js request', () => {
  it.each([
    ['in one chunk', ['{"item":1}']],
    ['in two chunks', ['{"item"', ':1}']],
  ])('that arrived %s is read at once, without an event listener', (_, chunks) => {
    const stream = streamOf([...chunks.map(bytes), null]);
    expect(bodyOf(stream, 10).readArrived()).toEqual(bytes('{"item":1}'));
    expect(stream.eventNames().filter((name) => ['readable', 'end', 'close', 'error'].includes(String(name)))).toEqual(
      [],
    );
  });

  it.each<[string, Readable, number | undefined]>([
    ['if a part is missing', streamOf([bytes('12345')]), 10],
    ['if more bytes arrived than Content-Length announces', streamOf([bytes('12345')]), 4],
    ['without Content-Length', streamOf([bytes('12345'), null]), undefined],
    ['if it is empty', streamOf([null]), 0],
    ['if the stream converts it to text', streamOf([bytes('12345')]).setEncoding('utf8'), 5],
    ['if the stream contains objects', streamOf([{}], { objectMode: true }), 1],
  ])('is not read at once %s', (_, stream, length) => {
    const { readableLength } = stream;
    expect(bodyOf(stream, length).readArrived()).toBe(undefined);
    expect(stream.readableLength).toBe(readableLength);
    expect(stream.readableDidRead).toBe(false);
  });

  it('can be put back into the stream after readArrived has read it', async () => {
    const stream = streamOf([bytes('12345'), null]);
    const body = bodyOf(stream, 5);
    body.restore([body.readArrived()]);
    body.passOn();
    expect(await buffer(body.stream)).toEqual(bytes('12345'));
  });

  it('has ended when finish() resolves', async () => {
    const stream = streamOf([bytes('12345'), null]);
    const body = bodyOf(stream, 5);
    body.readArrived();
    expect(stream.readableEnded).toBe(false);
    await body.finish(1);
    expect(stream.readableEnded).toBe(true);
  });

  it('makes finish() reject after the time limit if the stream does not end', async () => {
    const body = bodyOf(streamOf([bytes('12345')]), 5);
    body.readArrived();
    await expect(body.finish(0.01)).rejects.toThrow('the connection did not respond within 0.01 seconds');
  });
});
