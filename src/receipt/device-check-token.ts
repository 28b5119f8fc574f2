import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { isPem } from '../encoding/pem.js';
import { AppAttestError } from '../errors.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { BoundedMemo } from '../runtime/bounded-memo.js';

/** A private key from the developer account with DeviceCheck enabled. */
export interface DeviceCheckCredentials {
  /** The identifier of the app's team, ten characters. */
  teamId: string;
  /** The identifier of the private key in the developer account, ten characters. */
  keyId: string;
  /** The text of Apple's `.p8` file with its line breaks: PKCS #8, PEM. */
  privateKey: string;
}

const KNOWN_ENTRIES: KnownOptions<DeviceCheckCredentials> = {
  teamId: 'never undefined',
  keyId: 'never undefined',
  privateKey: 'never undefined',
};

/**
 * How long a token is used, in milliseconds. Apple documents no lifetime for App Attest. For the same kind of token in
 * push notifications, Apple documents one hour, and renewal at most once in 20 minutes ("Establishing a token-based
 * connection to APNs"). 45 minutes lie in between, and leave a quarter of an hour for clock differences.
 */
const LIFETIME = 45 * 60 * 1000;

/** One token for all requests with the same credentials, including those that arrive while it is being signed. */
export class DeviceCheckToken {
  readonly jwt: Promise<string>;
  readonly #issuedAt = Date.now();
  #isRefused = false;

  constructor(teamId: string, keyId: string, privateKey: KeyObject) {
    this.jwt = signToken(teamId, keyId, privateKey, this.#issuedAt);
    this.jwt.catch(() => this.forget());
  }

  /** False also if the clock was set back: the token would seem to come from the future. */
  isCurrent(): boolean {
    const age = Date.now() - this.#issuedAt;
    return !this.#isRefused && age >= 0 && age < LIFETIME;
  }

  /** Apple rejected the token: the next request gets a new one. */
  forget(): void {
    this.#isRefused = true;
  }
}

/** The key is a hash of the credentials, so that no private key is kept. One entry per developer team. */
const tokens = new BoundedMemo<DeviceCheckToken>(16);

/**
 * The token that Apple's servers require: a JWT with ES256, `kid`, `iss` and `iat`.
 *
 * @throws AppAttestError `invalid_argument`; the message never contains the private key
 */
export function deviceCheckToken(credentials: unknown): DeviceCheckToken {
  const { teamId, keyId, privateKey } = readCredentials(credentials);
  const memoKey = createHash('sha256')
    .update(JSON.stringify([teamId, keyId, privateKey]))
    .digest('base64');
  const known = tokens.get(memoKey);
  if (known?.isCurrent()) return known;

  const token = new DeviceCheckToken(teamId, keyId, importPrivateKey(privateKey));
  tokens.set(memoKey, token);
  return token;
}

async function signToken(teamId: string, keyId: string, privateKey: KeyObject, issuedAt: number): Promise<string> {
  const { SignJWT } = await loadJose();
  return new SignJWT()
    .setProtectedHeader({ alg: 'ES256', kid: keyId })
    .setIssuer(teamId)
    .setIssuedAt(Math.floor(issuedAt / 1000))
    .sign(privateKey);
}

/** @throws AppAttestError `invalid_argument` if it cannot be loaded */
async function loadJose(): Promise<typeof import('jose')> {
  try {
    return await import('jose');
  } catch (cause) {
    throw new AppAttestError('invalid_argument', 'the package jose, which signs tokens, cannot be loaded', { cause });
  }
}

function readCredentials(credentials: unknown): DeviceCheckCredentials {
  if (typeof credentials === 'object' && credentials !== null) {
    const { teamId, keyId, privateKey }: Partial<Record<keyof DeviceCheckCredentials, unknown>> = readKnownOptions(
      'credentials',
      credentials,
      KNOWN_ENTRIES,
    );
    const isName = (name: unknown): name is string => typeof name === 'string' && /^[\w-]+$/.test(name);
    if (isName(teamId) && isName(keyId) && typeof privateKey === 'string') return { teamId, keyId, privateKey };
  }
  throw new AppAttestError('invalid_argument', 'credentials must be { teamId, keyId, privateKey }, all three strings');
}

/** The error has no cause, because the message of a parser could contain parts of the private key. */
function importPrivateKey(privateKey: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    // Deno does not accept an empty line after the block.
    if (isPem('PRIVATE KEY', privateKey)) key = createPrivateKey({ key: privateKey.trim(), format: 'pem' });
  } catch {
    key = undefined;
  }
  if (key?.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  throw new AppAttestError(
    'invalid_argument',
    "credentials.privateKey must be the text of Apple's .p8 file with its line breaks, a P-256 key in PKCS #8",
  );
}
