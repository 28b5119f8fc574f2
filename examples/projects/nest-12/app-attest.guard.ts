import {
  type CanActivate,
  Catch,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  Inject,
  Injectable,
} from '@nestjs/common';
import type { AppAttestLocals, ExpressHandlers } from 'app-attest/express';
import type { StoredKey } from 'app-attest/server';
import type { Request, Response } from 'express';

export const APP_ATTEST = Symbol('the handlers of app-attest');

/** Thrown for a rejected request. `app-attest` has already sent the response: a status, and JSON with the code. */
export class RejectedRequest extends Error {}

/** Accepts a request only if a registered key signed it, and accepts each request once. */
@Injectable()
export class AppAttestGuard implements CanActivate {
  constructor(@Inject(APP_ATTEST) private readonly handlers: ExpressHandlers) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    let isAccepted = false;
    await this.handlers.protect(http.getRequest<Request>(), http.getResponse<Response>(), () => {
      isAccepted = true;
    });
    if (!isAccepted) throw new RejectedRequest('app-attest rejected the request');
    return true;
  }
}

/** Prevents Nest from sending a second response. */
@Catch(RejectedRequest)
export class RejectedRequestFilter implements ExceptionFilter {
  catch(): void {}
}

/** The key that signed the request. Fails on a route without the guard. */
export const AttestedKey = createParamDecorator((_: unknown, context: ExecutionContext): StoredKey => {
  const { locals } = context.switchToHttp().getResponse<Response<unknown, AppAttestLocals>>();
  return locals.appAttest.key;
});
