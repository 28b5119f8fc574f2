import { bodyAlreadyReadAdvice } from './body-already-read-advice.js';
import type { ActualResponse } from './device-step.js';

/** What to do for the codes with which the handlers of this package reject the registration of a virtual device. */
const ADVICE: Readonly<Record<string, string>> = {
  app_id_mismatch: 'The backend accepts another App ID. Pass the App ID of the backend as --app-id.',
  environment_mismatch:
    'The backend accepts another environment. Pass the environment of the backend as --environment.',
  untrusted_certificate:
    'The backend does not trust the root of the virtual iPhone. Pass the certificate that --print-root prints as trustAnchors.',
  subject_missing: 'The routes require a user. Pass the login as --header.',
};

const ADVICE_FOR_OTHERS =
  'The backend must trust the root that --print-root prints, run with APP_ATTEST_VIRTUAL=allow, and accept this App ID ' +
  'and environment. If your routes have other paths, pass --challenge-path and --registration-path.';

/** Returns what to do if the backend does not accept the registration. */
export function registrationAdvice(actual: ActualResponse): string {
  if ('noResponse' in actual) return 'Start the backend, or correct --url.';
  const { status, body } = actual;
  if (status === 404)
    return 'The backend has no such route. Pass --challenge-path and --registration-path, or correct --url.';
  const [, code = ''] = /"error":"(\w+)"/.exec(body) ?? [];
  return bodyAlreadyReadAdvice(actual) ?? ((Object.hasOwn(ADVICE, code) && ADVICE[code]) || ADVICE_FOR_OTHERS);
}
