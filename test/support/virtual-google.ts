import { generateKeyPairSync, randomUUID } from 'node:crypto';
import express from 'express';
import { jwtVerify } from 'jose';
import { sha256 } from './backend.js';
import { serveNode, type TestServer } from './http-servers.js';

const SCOPE = 'https://www.googleapis.com/auth/playintegrity';
const account = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** The response of `decodeIntegrityToken` for a genuine token of the Standard API. */
export function genuinePayload(text: string) {
  return {
    requestDetails: {
      requestPackageName: 'com.example.app',
      requestHash: Buffer.from(sha256(text)).toString('base64url'),
      timestampMillis: String(Date.now()),
    },
    appIntegrity: {
      appRecognitionVerdict: 'PLAY_RECOGNIZED',
      packageName: 'com.example.app',
      certificateSha256Digest: [CERTIFICATE.toString('base64url')],
      versionCode: '42',
    },
    deviceIntegrity: { deviceRecognitionVerdict: ['MEETS_BASIC_INTEGRITY', 'MEETS_DEVICE_INTEGRITY'] },
    accountDetails: { appLicensingVerdict: 'LICENSED' },
  };
}

/** SHA-256 of the certificate with which the app is signed. */
export const CERTIFICATE = Buffer.from(sha256('the app signing certificate'));

/** The certificate as the Play Console shows it. */
export const FINGERPRINT = CERTIFICATE.toString('hex')
  .toUpperCase()
  .replace(/..(?!$)/g, '$&:');

/**
 * A stand-in for two of Google's servers, on a loopback address: the OAuth token endpoint and the Play Integrity API. Only
 * Google can decode a real integrity token. Here, a token is a random text for which the test provides the payload.
 *
 * @see https://developers.google.com/identity/protocols/oauth2/service-account
 * @see https://developer.android.com/google/play/integrity/standard
 */
export class VirtualGoogle {
  readonly #server: TestServer;
  readonly #payloads = new Map<string, unknown>();
  readonly #accessTokens = new Set<string>();
  /** The number of access tokens that were issued. */
  issued = 0;
  /** The lifetime of an access token, in seconds. */
  lifetime = 3599;
  /** If set, the Play Integrity API responds with this status instead of decoding tokens. */
  failure: number | undefined;
  /** Whether the Play Integrity API leaves requests without a response. */
  isSilent = false;

  static async start(): Promise<VirtualGoogle> {
    const service = express();
    const google: VirtualGoogle = new VirtualGoogle(await serveNode(service));
    service.post('/token', express.urlencoded({ extended: false }), (request, response, next) => {
      google.#issue(request.body).then((answer) => response.status('error' in answer ? 400 : 200).json(answer), next);
    });
    // In a path for Express, a colon before a name would begin a parameter. Therefore, this path is a regular expression.
    service.post(/^\/v1\/([^/]+):decodeIntegrityToken$/, express.json(), (request, response) => {
      if (google.isSilent) return;
      const [status, answer] = google.#decode(request.params[0], request.get('authorization'), request.body);
      response.status(status).json(answer);
    });
    return google;
  }

  private constructor(server: TestServer) {
    this.#server = server;
  }

  get endpoint(): string {
    return this.#server.origin;
  }

  /** The JSON key file of the service account. Real files have more fields. */
  get serviceAccount() {
    return {
      type: 'service_account',
      client_email: 'integrity@example.iam.gserviceaccount.com',
      private_key: account.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      private_key_id: '0123456789abcdef0123456789abcdef01234567',
      token_uri: `${this.#server.origin}/token`,
    };
  }

  /** Issues an integrity token that decodes to this payload. */
  token(payload: unknown): string {
    const token = randomUUID();
    this.#payloads.set(token, payload);
    return token;
  }

  /** Makes all access tokens invalid. */
  revokeAccess(): void {
    this.#accessTokens.clear();
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  /** Issues an access token (RFC 7523 §2.1, §3). Google allows a lifetime of at most one hour for the assertion. */
  async #issue({ grant_type, assertion }: Record<string, string>) {
    const { client_email, private_key_id, token_uri } = this.serviceAccount;
    try {
      if (grant_type !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') return { error: 'unsupported_grant_type' };
      const { payload, protectedHeader } = await jwtVerify<{ scope: unknown }>(String(assertion), account.publicKey, {
        algorithms: ['RS256'],
        typ: 'JWT',
        issuer: client_email,
        audience: token_uri,
        maxTokenAge: 3600,
        requiredClaims: ['iat', 'exp', 'scope'],
      });
      if (protectedHeader.kid !== private_key_id) throw new Error('the header kid names another key');
      if (Number(payload.exp) - Number(payload.iat) > 3600)
        throw new Error('the assertion is valid for more than one hour');
      if (payload.scope !== SCOPE) return { error: 'invalid_scope' };
    } catch (error) {
      return { error: 'invalid_grant', error_description: String(error) };
    }
    this.issued += 1;
    const access_token = randomUUID();
    this.#accessTokens.add(access_token);
    return { access_token, expires_in: this.lifetime, token_type: 'Bearer' };
  }

  #decode(packageName: string | undefined, authorization: string | undefined, body: unknown): [number, object] {
    const failure = (code: number, status: string, message: string): [number, object] => {
      return [code, { error: { code, message, status } }];
    };
    if (this.failure !== undefined)
      return failure(this.failure, 'UNAVAILABLE', 'The service is currently unavailable.');
    const [scheme, accessToken = ''] = authorization?.split(' ') ?? [];
    if (scheme !== 'Bearer' || !this.#accessTokens.has(accessToken)) {
      return failure(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.');
    }
    const { integrityToken }: { integrityToken?: unknown } = Object(body);
    if (packageName !== 'com.example.app' || !this.#payloads.has(String(integrityToken))) {
      return failure(400, 'INVALID_ARGUMENT', 'Integrity token cannot be decoded due to invalid arguments.');
    }
    return [200, { tokenPayloadExternal: this.#payloads.get(String(integrityToken)) }];
  }
}
