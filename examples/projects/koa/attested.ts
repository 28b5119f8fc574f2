import { Readable } from 'node:stream';
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

function toRequest({ method, originalUrl, req }: Pick<Context, 'method' | 'originalUrl' | 'req'>): Request {
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(req.headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  const body = method === 'GET' || method === 'HEAD' ? null : Readable.toWeb(req);
  return new Request(`http://localhost${originalUrl}`, { method, headers, body, duplex: 'half' });
}
