import type { IncomingMessage } from 'node:http';
import type { AttestedVerdict, HttpHandlers } from 'app-attest/http';
import type { Context, Middleware } from 'koa';

/** The properties that `attested` sets in `ctx.state`. */
export interface AttestedState {
  appAttest: AttestedVerdict;
  /** The body of this request is the signed content. */
  request: Request;
}

/** Middleware that lets a handler on Fetch `Request` and `Response` respond. */
export function respondWith(handler: (request: Request) => Promise<Response>): Middleware {
  return async (ctx) => {
    ctx.body = await handler(toRequest(ctx));
  };
}

/** Middleware that calls the next middleware only for accepted requests. */
export function attested({ protect }: HttpHandlers): Middleware<AttestedState> {
  return async (ctx, next) => {
    let isAccepted = false;
    const accept = protect((request, appAttest) => {
      isAccepted = true;
      Object.assign(ctx.state, { appAttest, request });
      return new Response();
    });
    const rejection = await accept(toRequest(ctx));
    if (isAccepted) return next();
    ctx.body = rejection; // Koa 3 sends the status and the headers of a Response too
  };
}

/** Koa routes by the target as it was sent, and `Request` normalizes it. So only a target that stays the same is passed on. */
function toRequest(ctx: Pick<Context, 'method' | 'originalUrl' | 'req' | 'throw'>): Request {
  const { method, originalUrl, req } = ctx;
  if (req.readableDidRead) ctx.throw(500, 'the body was already read: run attested before the body parser');
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(req.headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  const url = `http://localhost${originalUrl}`;
  const body = method === 'GET' || method === 'HEAD' ? null : bodyOf(req);
  const request = new Request(url, { method, headers, body, duplex: 'half' });
  if (request.url !== url) ctx.throw(400, 'the target is not normalized');
  return request;
}

/** Reads the body only on demand. If the rest is not needed, discards it and keeps the connection. */
function bodyOf(req: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks = req.iterator({ destroyOnReturn: false });
  const source = {
    pull: async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => {
      await chunks.return?.();
      req.resume();
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}
