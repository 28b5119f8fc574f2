import { verifyAssertion } from '../assertion/verify-assertion.js';
import type { AuthenticatorExtensions } from '../authenticator-data/authenticator-extensions.js';
import { AppAttestError } from '../errors.js';
import { readKnownOptions } from '../options/known-options.js';
import { sideBySide } from '../runtime/side-by-side.js';
import { assertStillAccepted } from './accepted-key.js';
import { type Configuration, readReadChallenge } from './app-attest-options.js';
import { findChallenge, type ReadChallenge } from './challenge.js';
import { assertAssertionEnd } from './client-data-end.js';
import { type ClientDataForm, hashClientData, readClientData } from './client-data-form.js';
import { counterFloor } from './counter-window.js';
import { assertExtensionsContinue, carriesExtensions } from './extension-continuity.js';
import { findKey, unknownKey } from './find-key.js';
import type { AcceptedEvidence } from './formats.js';
import type { KeyStore } from './key-store.js';
import { lastUse } from './last-use.js';
import { authenticateOtherFormat, readOtherFormat } from './other-format.js';
import type { PublicKeyCache } from './public-key-cache.js';
import { readBody } from './request-body.js';
import type { StoredKey } from './stored-key.js';
import { readSubject } from './subject.js';
import { assertChallengeSubject, takeChallenge } from './take-challenge.js';

/** Options of `authenticate`. */
export interface AuthenticateOptions {
  /**
   * The key must be registered for this user. By default, the key may belong to any user or to none. `key.subject` in the
   * result is the user of the key.
   */
  subject?: string;
  /** Replaces `readChallenge` of the server for this request. */
  readChallenge?: ReadChallenge | undefined;
}

/** An accepted request, signed by a registered key. */
export interface AuthenticatedRequest {
  /** The key that signed the request, with its new counter. */
  key: StoredKey;
  /** The signed bytes. Use these bytes, because a body that was parsed earlier is not verified. */
  payload: Uint8Array;
  /**
   * The extensions, which describe the running app. iOS 27 and later sign them. Absent if the assertion has no signed
   * extensions.
   */
  extensions?: AuthenticatorExtensions;
}

export async function authenticate<Result extends AcceptedEvidence>(
  configuration: Configuration<Result>,
  publicKeys: PublicKeyCache,
  body: unknown,
  passed: AuthenticateOptions = {},
): Promise<AuthenticatedRequest | Result> {
  const options = readKnownOptions<AuthenticateOptions>('authenticate', passed, {
    // `undefined` often means that the caller's lookup found no user. The server must not accept the keys of all users then.
    subject: 'never undefined',
    readChallenge: 'may be undefined',
  });
  const subject = readSubject(options.subject);
  const readChallenge = readReadChallenge(options.readChallenge) ?? configuration.readChallenge;
  const other = readOtherFormat(configuration.formats, body);
  if (other) return authenticateOtherFormat(configuration, other, subject, readChallenge);
  const { keyId, payload, token } = readAssertedRequest(body, configuration.clientData);

  // 1. The challenge was issued by this server, and is now used up. The store finds the key at the same time.
  const { keys, counterWindow, policy, clientData, clock } = configuration;
  const challenge = findChallenge('payload', payload, readChallenge);
  const [record, key] = await sideBySide(takeChallenge(configuration, challenge, 'assertion'), findKey(keys, keyId));

  // 2. The key is registered and still accepted.
  if (!key) throw unknownKey(keyId);
  assertNotRevoked(key);
  assertKeySubject(key, subject);
  assertChallengeSubject(record, key.subject);
  assertStillAccepted(key, configuration);

  // 3. The key signed exactly this payload.
  assertAssertionEnd(clientData, token);
  const { counter, extensions } = await verifyAssertion({
    assertion: token,
    publicKey: publicKeys.get(key.publicKey),
    clientDataHash: hashClientData(clientData, payload),
    appId: key.appId,
    counter: counterFloor(key.counter, counterWindow),
    ...(policy && { policy }),
  });
  assertExtensionsContinue(key.extensions, extensions, policy);

  // 4. No other request with this counter was accepted. The store decides atomically.
  const usedAt = clock.now();
  const carried = carriesExtensions(extensions) ? extensions : undefined;
  if ((await keys.advance(key.keyId, counter, counterWindow, { usedAt, extensions: carried })) !== true)
    throw await counterRejection(keys, key, counter);
  const begins = carried && !carriesExtensions(key.extensions);

  return {
    key: {
      ...key,
      counter: Math.max(key.counter, counter),
      lastUsedAt: lastUse(key.lastUsedAt, usedAt),
      ...(begins && { extensions: carried }),
    },
    payload,
    ...(extensions && { extensions }),
  };
}

function readAssertedRequest(body: unknown, clientData: ClientDataForm) {
  return readBody('malformed_assertion', body, (fields) => {
    fields.assertAppleAppAttest();
    return {
      keyId: fields.text('keyId'),
      // This is a copy. If other code changes the original bytes, the caller still receives the verified bytes.
      payload: readClientData(clientData, fields.textOrBytes('payload')),
      token: fields.token('assertion'),
    };
  });
}

/** @throws AppAttestError `key_revoked` */
function assertNotRevoked({ revokedAt }: StoredKey): void {
  if (revokedAt) throw new AppAttestError('key_revoked', 'the key was revoked');
}

/** @throws AppAttestError `key_unknown` */
function assertKeySubject(key: StoredKey, subject: string | undefined): void {
  if (subject === undefined || key.subject === subject) return;
  throw new AppAttestError('key_unknown', 'the key is not registered for this user');
}

async function counterRejection(keys: KeyStore, key: StoredKey, counter: number): Promise<AppAttestError> {
  const now = await keys.find(key.keyId);
  if (now?.revokedAt) return new AppAttestError('key_revoked', 'the key was revoked');
  return new AppAttestError(
    'counter_not_increased',
    'a request with this counter or a higher one was already accepted',
    {
      expected: `more than ${now?.counter ?? key.counter}`,
      actual: String(counter),
    },
  );
}
