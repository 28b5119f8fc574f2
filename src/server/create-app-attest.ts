import type { AppAttest } from './app-attest.js';
import { type AppAttestOptions, readOptions } from './app-attest-options.js';
import { authenticate, type Caches } from './authenticate.js';
import { bindKey } from './bind-key.js';
import { keepConfiguration } from './configuration-of.js';
import { findKey, storedKeyId, unknownKey } from './find-key.js';
import type { AcceptedEvidence, FormatResult, FormatVerifiers, NoFormats } from './formats.js';
import { issueChallenge } from './issue-challenge.js';
import { KeyCache } from './key-cache.js';
import { PublicKeyCache } from './public-key-cache.js';
import { redeemChallenge } from './redeem-challenge.js';
import { refreshReceipts } from './refresh-receipts.js';
import { register } from './register.js';
import { forgetAll, keysOf, revokeAll } from './users-keys.js';

/**
 * Creates the server side of App Attest. Each challenge is valid once, each key is registered once, and each counter of a key
 * is accepted once. This also holds if several servers share the stores.
 *
 * @throws AppAttestError `invalid_argument`: an option is missing, unknown or invalid
 *
 * @example
 * ```ts
 * const appAttest = createAppAttest({ appId: 'TEAMID1234.com.example.app', ...memoryStores() });
 *
 * const { challenge } = await appAttest.issueChallenge({ purpose: 'attestation' });
 * const key = await appAttest.register(body); // once per installation
 * const { payload } = await appAttest.authenticate(body); // for each protected request
 * ```
 *
 * @see https://developer.apple.com/documentation/devicecheck/validating-apps-that-connect-to-your-server
 */
export function createAppAttest<Formats extends FormatVerifiers = NoFormats>(
  options: AppAttestOptions<Formats>,
): AppAttest<FormatResult<Formats>>;
export function createAppAttest<Result extends AcceptedEvidence>(
  options: AppAttestOptions<FormatVerifiers<Result>>,
): AppAttest<Result> {
  const configuration = readOptions(options);
  const { keys, clock } = configuration;
  const caches: Caches = {
    publicKeys: new PublicKeyCache(configuration.keyCache?.max),
    keys: configuration.keyCache && new KeyCache(configuration.keyCache),
  };
  const appAttest: AppAttest<Result> = {
    issueChallenge: (challengeOptions) => issueChallenge(configuration, challengeOptions),
    takeChallenge: (challenge, takeOptions) => redeemChallenge(configuration, challenge, takeOptions),
    register: (body, registerOptions) => register(configuration, body, registerOptions),
    authenticate: (body, authenticateOptions) => authenticate(configuration, caches, body, authenticateOptions),

    key: (keyId) => findKey(keys, keyId),
    keysOf: (subject, pageOptions) => keysOf(keys, subject, pageOptions),
    bind: (keyId, subject) => bindKey(keys, keyId, subject),

    async revoke(keyId) {
      const stored = storedKeyId(keyId);
      if (stored !== undefined && (await keys.revoke(stored, clock.now())) === true) return;
      throw unknownKey(keyId);
    },

    revokeAll: (subject) => revokeAll(keys, clock, subject),

    async forget(keyId) {
      const stored = storedKeyId(keyId);
      return stored !== undefined && (await keys.remove(stored)) === true;
    },

    forgetAll: (subject) => forgetAll(keys, subject),

    async receipt(keyId) {
      const stored = storedKeyId(keyId);
      return stored === undefined ? undefined : ((await keys.receipt(stored)) ?? undefined);
    },

    refreshReceipts: (refreshOptions) => refreshReceipts(configuration, refreshOptions),
  };
  return keepConfiguration(appAttest, configuration);
}
