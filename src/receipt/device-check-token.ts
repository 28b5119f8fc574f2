import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { isPem } from '../encoding/pem.js';
import { AppAttestError } from '../errors.js';
import { type KnownOptions, readKnownOptions } from '../options/known-options.js';
import { BoundedMemo } from '../runtime/bounded-memo.js';

/** A private key of the developer account that is enabled for DeviceCheck, as its owner downloads it from Apple. */
export interface DeviceCheckCredentials {
  /** The ten characters of the team that the app belongs to. */
  teamId: string;
  /** The ten characters that Apple shows beside the key. */
  keyId: string;
  /** The text of Apple's `.p8` file: PKCS #8, PEM, line breaks and all. */
  privateKey: string;
}

const KNOWN_ENTRIES: KnownOptions<DeviceCheckCredentials> = {
  teamId: 'never undefined',
  keyId: 'never undefined',
  privateKey: 'never undefined',
};

/**
 * How long a token is sent, in milliseconds. Apple says nothing about it for App Attest; of the same kind of token for
 * push notifications it says that it lives for an hour and must not be renewed more than once in 20 minutes ("Establishing
 * a token-based connection to APNs"). In between, with a quarter of an hour to spare for clocks that differ.
 */
const LIFETIME = 45 * 60 * 1000;

/** One token for all requests with the same credentials, also while it is still being made. */
export class DeviceCheckToken {
  readonly jwt: Promise<string>;
  readonly #issuedAt = Date.now();
  #isRefused = false;

  constructor(teamId: string, keyId: string, privateKey: KeyObject) {
    this.jwt = signToken(teamId, keyId, privateKey, this.#issuedAt);
    this.jwt.catch(() => this.forget());
  }

  /** A clock that was set back makes a token that seems to come from the future: a new one, too. */
  isCurrent(): boolean {
    const age = Date.now() - this.#issuedAt;
    return !this.#isRefused && age >= 0 && age < LIFETIME;
  }

  /** It was refused; the next request gets a new one. */
  forget(): void {
    this.#isRefused = true;
  }
}

/** By a hash of the credentials, so that no private key is kept. One entry a developer team. */
const tokens = new BoundedMemo<DeviceCheckToken>(16);

/**
 * The token that Apple's servers ask for: ES256, `kid`, `iss` and `iat`.
 *
 * @throws AppAttestError `invalid_argument`, whose message never holds the key
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

/** @throws AppAttestError `invalid_argument` where it cannot be loaded */
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
  throw new AppAttestError('invalid_argument', 'credentials must be { teamId, keyId, privateKey }, all of them text');
}

/** Errors of this function carry no cause: whatever a parser says about a private key stays here. */
function importPrivateKey(privateKey: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    // Deno takes no empty line behind it.
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
