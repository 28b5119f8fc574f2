// Uses the types of app-attest/express in NestJS on Express. This file contains copies of the types of NestJS, so that the
// packages of NestJS need not be installed.
import type { ExpressHandlers, ExpressSessionHandlers } from 'app-attest/express';
import type { NextFunction, Request, Response } from 'express';

// Where NestJS uses `any` or `Function`, these copies use narrower types. Code that compiles with them compiles with NestJS.

/** `Type` of @nestjs/common. */
type Type = new (...args: never[]) => unknown;

/** `MiddlewareConsumer` of @nestjs/common. */
interface MiddlewareConsumer {
  apply(...middleware: (Type | ((...args: never[]) => unknown))[]): {
    forRoutes(...routes: string[]): MiddlewareConsumer;
  };
}

/** `NestMiddleware` of @nestjs/common. */
interface NestMiddleware<TRequest, TResponse> {
  use(req: TRequest, res: TResponse, next: (error?: unknown) => void): unknown;
}

export function configure(consumer: MiddlewareConsumer, { challenge, registration, protect }: ExpressHandlers): void {
  consumer.apply(challenge).forRoutes('app-attest/challenge');
  consumer.apply(registration).forRoutes('app-attest/registration');
  consumer.apply(protect).forRoutes('orders');
}

export function configureSessions(
  consumer: MiddlewareConsumer,
  { session, jwks, protectWithSession }: ExpressSessionHandlers,
): void {
  consumer.apply(session).forRoutes('app-attest/session');
  consumer.apply(jwks).forRoutes('.well-known/jwks.json');
  consumer.apply(protectWithSession).forRoutes('reads');
}

export class Attested implements NestMiddleware<Request, Response> {
  readonly #handlers: ExpressHandlers;

  constructor(handlers: ExpressHandlers) {
    this.#handlers = handlers;
  }

  use(request: Request, response: Response, next: NextFunction): Promise<void> {
    return this.#handlers.protect(request, response, next);
  }
}
