import { createHash } from 'node:crypto';
import { AppAttestError } from 'app-attest';
import { expressHandlers } from 'app-attest/express';
import { createAppAttest, type FormatVerifier } from 'app-attest/server';
import express, { type Express } from 'express';
import { importPKCS8, SignJWT } from 'jose';

/** The fields that this example uses, from the JSON key file of a service account. */
export interface ServiceAccount {
  client_email: string;
  private_key: string;
  private_key_id: string;
  token_uri: string;
}

/** An Android app, and the service account that may decode its integrity tokens. */
export interface AndroidApp {
  packageName: string;
  /** SHA-256 fingerprints of the app signing certificates, as the Play Console shows them: hex with colons. */
  certificates: readonly string[];
  serviceAccount: ServiceAccount;
  /** Only for tests. */
  endpoint?: string;
}

/** The app and its version, as Google confirmed them for an accepted request. */
export interface AndroidDevice {
  platform: 'android';
  packageName: string;
  versionCode: string;
}

const TIME_LIMIT = 4_000; // milliseconds, for each of the two requests to Google
const MAX_AGE = 300_000; // milliseconds since the app requested the token
const CLOCK_SKEW = 60_000; // milliseconds by which Google's clock may be ahead
const MAX_TOKEN_LENGTH = 16_384; // characters; a token has about 1 000

/** Verifies tokens of the Play Integrity Standard API, for the option `formats`. Google decodes each token. */
export function playIntegrity(app: AndroidApp): FormatVerifier<AndroidDevice> {
  const accessToken = new AccessToken(app.serviceAccount);
  const { packageName, certificates, endpoint = 'https://playintegrity.googleapis.com' } = app;
  const fingerprints = certificates.map((fingerprint) => fingerprint.replaceAll(':', '').toLowerCase());

  return async ({ body: { token }, challenge, payload }) => {
    const malformed = payload === undefined ? 'malformed_attestation' : 'malformed_assertion';
    if (typeof token !== 'string' || token.length > MAX_TOKEN_LENGTH) {
      throw new AppAttestError(malformed, 'the field token is not an integrity token');
    }
    const response = await fetch(`${endpoint}/v1/${packageName}:decodeIntegrityToken`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await accessToken.get()}`, 'content-type': 'application/json' },
      body: JSON.stringify({ integrityToken: token }),
      signal: AbortSignal.timeout(TIME_LIMIT),
    });
    if (response.status === 400) throw new AppAttestError(malformed, 'Google cannot decode the integrity token');
    if (response.status === 401) accessToken.forget();
    // This is not an AppAttestError, so the app receives status 503 and the code unavailable.
    if (!response.ok) throw new Error(`Google responded to decodeIntegrityToken with status ${response.status}`);

    const { tokenPayloadExternal }: { tokenPayloadExternal?: TokenPayload } = JSON.parse(await response.text());
    const { requestDetails, appIntegrity, deviceIntegrity, testingDetails } = tokenPayloadExternal ?? {};

    // 1. The app requested the token recently, for exactly this challenge or payload.
    const requestHash = createHash('sha256')
      .update(challenge ?? payload)
      .digest('base64url');
    expectEqual('nonce_mismatch', 'requestHash', requestHash, requestDetails?.requestHash);
    const age = Date.now() - Number(requestDetails?.timestampMillis);
    if (!(age <= MAX_AGE && age >= -CLOCK_SKEW)) {
      reject('challenge_expired', 'timestampMillis', requestDetails?.timestampMillis);
    }

    // 2. The app is the one that Google Play distributes.
    expectEqual('app_id_mismatch', 'requestPackageName', packageName, requestDetails?.requestPackageName);
    expectEqual('extension_rejected', 'appRecognitionVerdict', 'PLAY_RECOGNIZED', appIntegrity?.appRecognitionVerdict);
    expectEqual('app_id_mismatch', 'packageName', packageName, appIntegrity?.packageName);
    const digests = list(appIntegrity?.certificateSha256Digest);
    if (!digests.some((digest) => fingerprints.includes(Buffer.from(String(digest), 'base64url').toString('hex')))) {
      reject('untrusted_certificate', 'certificateSha256Digest', digests);
    }

    // 3. The device is genuine, and the verdicts are not a test response from the Play Console.
    const verdicts = list(deviceIntegrity?.deviceRecognitionVerdict);
    if (!verdicts.includes('MEETS_DEVICE_INTEGRITY')) {
      reject('extension_rejected', 'deviceRecognitionVerdict', verdicts);
    }
    if (testingDetails?.isTestingResponse) reject('environment_mismatch', 'isTestingResponse', true);

    return { platform: 'android', packageName, versionCode: String(appIntegrity?.versionCode) };
  };
}

/** The fields that this example uses, from the response of Google. Each field may be missing. */
interface TokenPayload {
  requestDetails?: { requestPackageName?: unknown; requestHash?: unknown; timestampMillis?: unknown };
  appIntegrity?: {
    appRecognitionVerdict?: unknown;
    packageName?: unknown;
    certificateSha256Digest?: unknown;
    versionCode?: unknown;
  };
  deviceIntegrity?: { deviceRecognitionVerdict?: unknown };
  testingDetails?: { isTestingResponse?: unknown };
}

type Code = AppAttestError['code'];

function expectEqual(code: Code, name: string, expected: string, actual: unknown): void {
  if (actual !== expected) reject(code, name, actual);
}

function reject(code: Code, name: string, actual: unknown): never {
  const shown = JSON.stringify(actual)?.slice(0, 100) ?? 'absent';
  throw new AppAttestError(code, `${name} of the integrity token is not acceptable: ${shown}`);
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** An OAuth access token for the service account. It is kept until a minute before it expires. */
class AccessToken {
  readonly #account: ServiceAccount;
  #token: Promise<string> | undefined;
  #renewAt = 0;

  constructor(account: ServiceAccount) {
    this.#account = account;
  }

  get(): Promise<string> {
    if (this.#token && Date.now() < this.#renewAt) return this.#token;
    this.#renewAt = Date.now() + TIME_LIMIT; // until the new token arrives, all requests wait for it
    this.#token = this.#request();
    this.#token.catch(() => this.forget());
    return this.#token;
  }

  forget(): void {
    this.#token = undefined;
  }

  async #request(): Promise<string> {
    const { client_email, private_key, private_key_id, token_uri } = this.#account;
    const assertion = await new SignJWT({ scope: 'https://www.googleapis.com/auth/playintegrity' })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: private_key_id })
      .setIssuer(client_email)
      .setAudience(token_uri)
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(await importPKCS8(private_key, 'RS256'));
    const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion };
    const body = new URLSearchParams(grant);
    const response = await fetch(token_uri, { method: 'POST', body, signal: AbortSignal.timeout(TIME_LIMIT) });
    if (!response.ok) throw new Error(`Google responded to the service account with status ${response.status}`);
    const token: { access_token: string; expires_in: number } = JSON.parse(await response.text());
    this.#renewAt = Date.now() + (token.expires_in - 60) * 1000;
    return token.access_token;
  }
}

/** A service for the iOS app and the Android app. Both use the same routes. */
export function createService(android: AndroidApp): Express {
  const appAttest = createAppAttest({
    appId: 'TEAMID1234.com.example.app',
    formats: { 'google-play-integrity-standard': playIntegrity(android) },
  });
  const { challenge, registration, protect } = expressHandlers(appAttest);

  const service = express();
  service.post('/app-attest/challenge', challenge);
  service.post('/app-attest/registration', registration);
  service.post('/orders', protect, (request, response) => {
    const { appAttest: attested } = response.locals;
    const by = 'key' in attested ? attested.key.keyId : `${attested.platform} ${attested.versionCode}`;
    response.json({ ordered: request.body.item, by });
  });
  return service;
}
