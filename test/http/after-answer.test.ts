import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { IncomingRequest } from '../../src/http/incoming-request.js';
import { NodeBody } from '../../src/http/node-body.js';
import { fromNode } from '../../src/http/node-request.js';

const server = createServer();
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** Receives a request. Returns the request, its response and the socket of the client. The response is not sent yet. */
async function receive() {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
  const socket = connect(address.port, '127.0.0.1');
  const received = once(server, 'request');
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const [request, response] = await received;
  const { method, url: target, headers } = request;
  const body = new NodeBody({ stream: request, advice: '' });
  const incoming: IncomingRequest = fromNode({ method, target, headers, body, response });
  return { incoming, response, socket };
}

describe('for a Node.js request, the function that afterAnswer receives', () => {
  it('is called once, after the response was sent', async () => {
    const { incoming, response } = await receive();
    const order: string[] = [];
    incoming.afterAnswer(() => order.push('after'));
    await new Promise((resolve) => setTimeout(resolve, 50));
    order.push('answer');
    response.end('x');
    await expect.poll(() => order).toEqual(['answer', 'after']);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(order).toEqual(['answer', 'after']);
  });

  it('is called if the response was already sent', async () => {
    const { incoming, response } = await receive();
    response.end('x');
    await once(response, 'finish');
    let calls = 0;
    incoming.afterAnswer(() => {
      calls += 1;
    });
    await expect.poll(() => calls).toBe(1);
  });

  it('is called if the client closed the connection', async () => {
    const { incoming, response, socket } = await receive();
    let calls = 0;
    const call = () => {
      calls += 1;
    };
    incoming.afterAnswer(call);
    socket.destroy();
    await once(response, 'close');
    incoming.afterAnswer(call);
    await expect.poll(() => calls).toBe(2);
  });
});
