import { describe, expect, it } from 'vitest';
import { refreshReceipt } from '../../src/index.js';
import { useReceiptExchange, withServer } from '../support/receipt-exchange.js';
import { expectCode } from '../support/rejection.js';

const exchange = useReceiptExchange();

describe('the response to a receipt request', () => {
  it.each([
    ['not base64!', 'not a receipt in base64'],
    ['QQ=', 'not a receipt in base64'],
    ['<html></html>', 'not a receipt in base64'],
    ['', 'empty'],
    [' \n', 'empty'],
  ])('is rejected if its body is %j', async (body, reason) => {
    const fetch = async () => new Response(body);
    const error = await expectCode(() => refreshReceipt({ ...exchange.options, fetch }), 'receipt_request_failed');
    expect(error.message).toContain(reason);
    expect(error.status).toBe(200);
  });

  it('is aborted when it becomes longer than the longest receipt', async () => {
    let sent = 0;
    await withServer(
      (_, response) => {
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(16_384, 'A'))) sent += 16_384;
          if (!response.destroyed) response.once('drain', more);
        };
        more();
      },
      async (url) => {
        const error = await expectCode(
          () => refreshReceipt({ ...exchange.options, endpoint: url }),
          'receipt_request_failed',
        );
        expect(error.message).toContain('too long');
        expect(error.status).toBe(200);
      },
    );
    expect(sent).toBeLessThan(50_000_000);
  });

  it('may be as long as the longest receipt in base64 with a line break, but not longer', async () => {
    const longest = new Uint8Array(65_536).fill(0x30);
    const fetch = async () => new Response(`${Buffer.from(longest).toString('base64')}\r\n`);
    expect(await refreshReceipt({ ...exchange.options, fetch })).toEqual({ receipt: longest });
    const longer = async () => new Response(Buffer.alloc(65_540).toString('base64'));
    await expectCode(() => refreshReceipt({ ...exchange.options, fetch: longer }), 'receipt_request_failed');
  });

  it('is rejected if the connection breaks before the end of the response', async () => {
    await withServer(
      (_, response) => {
        response.write('QUJD');
        setTimeout(() => response.destroy(), 10);
      },
      async (url) => {
        const error = await expectCode(
          () => refreshReceipt({ ...exchange.options, endpoint: url }),
          'receipt_request_failed',
        );
        expect(error.status).toBeUndefined();
        expect(error.cause).toBeInstanceOf(Error);
      },
    );
  });

  it('is reported as missing if no server listens at the address', async () => {
    const closed = await exchange.endpoint.listen();
    await closed.close();
    const attempt = () => refreshReceipt({ ...exchange.options, endpoint: closed.url });
    expect((await expectCode(attempt, 'receipt_request_failed')).cause).toBeInstanceOf(Error);
  });

  it('is not followed if it is a redirect, because another server must not receive the token for Apple’s server', async () => {
    let followed = false;
    await withServer(
      (_, response) => {
        followed = true;
        response.end();
      },
      (elsewhere) =>
        withServer(
          (_, response) => response.writeHead(307, { location: elsewhere }).end(),
          async (url) => {
            const attempt = () => refreshReceipt({ ...exchange.options, endpoint: url });
            expect((await expectCode(attempt, 'receipt_request_failed')).status).toBe(307);
          },
        ),
    );
    expect(followed).toBe(false);
  });
});
