import type { ActualResponse } from './device-step.js';

/** Returns what to do if a body parser of the backend ran before the handlers of this package. Otherwise, `undefined`. */
export function bodyAlreadyReadAdvice(actual: ActualResponse): string | undefined {
  if ('noResponse' in actual || !actual.body.includes('"error":"body_already_read"')) return undefined;
  return (
    'A body parser of the backend ran before the handlers. With Express, register the handlers before express.json(): see ' +
    'docs/http.md#express. With NestJS, pass { rawBody: true } to NestFactory.create. The log of the backend describes other ' +
    'solutions.'
  );
}
