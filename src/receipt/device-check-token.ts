import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { isPem } from '../encoding/pem.js';
import { AppAttestError } from '../errors.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { BoundedMemo } from '../runtime/bounded-memo.js';

/** A private key from your Apple developer account. DeviceCheck must be enabled for the key. */
export interface DeviceCheckCredentials {
  /** The Team ID of the app: ten characters. */
  teamId: string;
  /** The Key ID of the private key in the developer account: ten characters. */
  keyId: string;
  /** The content of Apple's `.p8` file, including line breaks: PKCS #8 as PEM. */
  privateKey: string;
}

const KNOWN_ENTRIES: KnownOptions<DeviceCheckCredentials> = {
  teamId: 'never undefined',
  keyId: 'never undefined',
  privateKey: 'never undefined',
};

/**
 * How long a token is used, in milliseconds. Apple documents no lifetime for App Attest. Push notifications use the same kind
 * of token. Such a token is valid for one hour, and may be renewed at most once every 20 minutes ("Establishing a token-based
 * connection to APNs"). 45 minutes are within these limits, even if the clocks differ by 15 minutes.
 */
const LIFETIME = 45 * 60 * 1000;

/**
 * A token for all requests with the same credentials. Requests that arrive while the token is being signed wait for this
 * token.
 */
export class DeviceCheckToken {
  readonly jwt: Promise<string>;
  readonly #issuedAt = Date.now();
  #isRefused = false;

  constructor(teamId: string, keyId: string, privateKey: KeyObject) {
    this.jwt = signToken(teamId, keyId, privateKey, this.#issuedAt);
    this.jwt.catch(() => this.forget());
  }

  /**
   * Returns false if the token is too old, if Apple rejected it, or if it could not be signed. Also false if the clock
   * was set back.
   */
  isCurrent(): boolean {
    const age = Date.now() - this.#issuedAt;
    return !this.#isRefused && age >= 0 && age < LIFETIME;
  }

  /** Call this after Apple rejected the token. The next request then gets a new token. */
  forget(): void {
    this.#isRefused = true;
  }
}

/** The latest tokens, by a hash of their credentials. So the private key itself is not kept in memory. */
const tokens = new BoundedMemo<DeviceCheckToken>(16);

/**
 * Returns the token that Apple's servers require: a JWT with `kid`, `iss` and `iat`, signed with ES256.
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

/** @throws AppAttestError `invalid_argument` if jose cannot be loaded */
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
  throw new AppAttestError(
    'invalid_argument',
    'credentials must be an object with the strings teamId, keyId and privateKey',
  );
}

/** The thrown error has no cause, because the error of a parser could contain parts of the private key. */
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
    "credentials.privateKey must be the content of Apple's .p8 file, including line breaks: a P-256 key in PKCS #8",
  );
}
