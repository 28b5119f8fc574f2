// Uses the types of app-attest/express in NestJS on Express. This file contains copies of the types of NestJS, so that the
// packages of NestJS need not be installed.
import type { ExpressHandlers } from 'app-attest/express';
import type { NextFunction, Request, Response } from 'express';

/** `Type` of @nestjs/common. */
// biome-ignore lint/suspicious/noExplicitAny: as NestJS declares it
type Type<T> = new (...args: any[]) => T;

/** `MiddlewareConsumer` of @nestjs/common. */
interface MiddlewareConsumer {
  // biome-ignore lint/complexity/noBannedTypes: as NestJS declares it
  // biome-ignore lint/suspicious/noExplicitAny: as NestJS declares it
  apply(...middleware: (Type<any> | Function)[]): { forRoutes(...routes: string[]): MiddlewareConsumer };
}

/** `NestMiddleware` of @nestjs/common. */
// biome-ignore lint/suspicious/noExplicitAny: as NestJS declares it
interface NestMiddleware<TRequest = any, TResponse = any> {
  // biome-ignore lint/suspicious/noExplicitAny: as NestJS declares it
  use(req: TRequest, res: TResponse, next: (error?: any) => void): any;
}

export function configure(consumer: MiddlewareConsumer, { challenge, registration, protect }: ExpressHandlers): void {
  consumer.apply(challenge).forRoutes('app-attest/challenge');
  consumer.apply(registration).forRoutes('app-attest/registration');
  consumer.apply(protect).forRoutes('orders');
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
