import { randomBytes, webcrypto } from 'node:crypto';
import type { AuthenticatorExtensions } from '../../authenticator-data/authenticator-extensions.js';
import { type AppId, readAppId } from '../../options/app-id.js';
import { type Environment, isEnvironment } from '../../options/environment.js';
import { readKnownOptions } from '../../options/known-options.js';
import type { AppleServices } from '../apple-services.js';
import { issueCredentialCertificate } from '../certificates/credential-certificate.js';
import { generateKeys } from '../certificates/issuer.js';
import { cbor } from '../encoding/cbor.js';
import { signEcdsa } from '../signature.js';
import { DAY, later } from '../time.js';
import { assertionData, attestationData, concat, encodeExtensions, sha256 } from './authenticator-data.js';
import { CapacitorPlugin } from './capacitor-plugin.js';
import { DCError } from './dc-error.js';
import { notAccepted, readPassedHash } from './device-input.js';
import { type Misbehaviour, readMisbehaviour } from './misbehaviour.js';
import { OPERATING_SYSTEMS, type OperatingSystem, type VirtualOs } from './operating-system.js';
import { type RequestToSign, readRequestToSign, signedHeaders } from './signed-request.js';

/** Options of `createDevice`: the device and the app on it. */
export interface VirtualDeviceOptions {
  /** The App ID of the app: `'TEAMID1234.com.example.app'`, or an object with the two parts of this text. */
  appId: AppId;
  /**
   * The App ID of an App Clip of the app. With this option, the App Clip runs instead of the app. The certificate then
   * contains the App ID of the App Clip, and authenticator data contains the App ID of the full app.
   *
   * It is not known whether real certificates contain the App ID of the App Clip or of the full app. To test a certificate
   * with the App ID of the full app, omit this option.
   */
  appClipId?: string | undefined;
  /** The environment in which the device attests keys. `'production'` by default. */
  environment?: Environment | undefined;
  /** The operating system of the device. `'iOS 27'` by default. */
  os?: VirtualOs | undefined;
  /** `CFBundleVersion`, `'1'` by default. The evidence contains it on iOS 27, but not on macOS 27. */
  bundleVersion?: string | undefined;
  /** A `ValidationCategory`. 4 by default: an app from the App Store. The evidence contains it on iOS 27 and macOS 27. */
  validationCategory?: number | undefined;
  /**
   * The code directory hash of the app: 32 bytes, or only the first 20. Random by default. The evidence contains it if the
   * name of the operating system has "opt-in".
   */
  codeDirectoryHash?: Uint8Array | undefined;
}

interface VirtualKey {
  readonly keys: webcrypto.CryptoKeyPair;
  /** The uncompressed public point, 65 bytes. */
  readonly point: Uint8Array;
  attested: boolean;
  counter: number;
}

/**
 * A device with an app on it, in memory. {@link VirtualApple.createDevice} creates a device. A device has the methods of
 * `DCAppAttestService`. {@link VirtualOs} describes the structure of its evidence.
 */
export class VirtualDevice {
  /** The plugin `@capgo/capacitor-app-attest` on this device. */
  readonly capacitor: CapacitorPlugin;
  /**
   * The risk metric in the next receipts of this device. If `undefined`, the risk metric is the number of keys that the
   * device attested in the last 30 days.
   */
  riskMetric: number | undefined;

  readonly #apple: AppleServices;
  readonly #appId: string;
  readonly #certifiedAppId: string;
  readonly #environment: Environment;
  readonly #system: OperatingSystem;
  readonly #extensions: AuthenticatorExtensions;
  readonly #codeDirectoryHash: Uint8Array;
  readonly #keys = new Map<string, VirtualKey>();
  /** The key that was attested last. */
  #latestKeyId: string | undefined;
  #misbehaviour: Misbehaviour = {};

  /** @internal */
  constructor(apple: AppleServices, passed: VirtualDeviceOptions) {
    const options = readKnownOptions<VirtualDeviceOptions>('createDevice', passed, {
      appId: 'never undefined',
      appClipId: 'may be undefined',
      environment: 'may be undefined',
      os: 'may be undefined',
      bundleVersion: 'may be undefined',
      validationCategory: 'may be undefined',
      codeDirectoryHash: 'may be undefined',
    });
    this.#apple = apple;
    this.#appId = readAppId(options.appId);
    this.#certifiedAppId = options.appClipId === undefined ? this.#appId : readAppId(options.appClipId);
    this.#environment = readEnvironment(options.environment);
    this.#system = readOperatingSystem(options.os ?? 'iOS 27');
    this.#codeDirectoryHash = new Uint8Array(options.codeDirectoryHash ?? randomBytes(32));
    const { signsValidationCategory, signsBundleVersion, codeDirectoryHash } = this.#system;
    this.#extensions = {
      ...(signsValidationCategory && { validationCategory: options.validationCategory ?? 4 }),
      ...(signsBundleVersion && { bundleVersion: options.bundleVersion ?? '1' }),
      ...(codeDirectoryHash === 'signed' && { codeDirectoryHash: this.#codeDirectoryHash }),
    };
    this.capacitor = new CapacitorPlugin(this);
  }

  /**
   * Makes the device misbehave from now on. Each call replaces the previous misbehaviour. `{}` makes the device honest again.
   *
   * @throws AppAttestError `invalid_argument`
   */
  misbehave(misbehaviour: Misbehaviour): void {
    this.#misbehaviour = readMisbehaviour(misbehaviour);
  }

  /**
   * Generates a key in the virtual Secure Enclave. Returns the key identifier, which is SHA-256 of the public point in base64.
   */
  async generateKey(): Promise<string> {
    const keys = await generateKeys('P-256');
    const point = new Uint8Array(await webcrypto.subtle.exportKey('raw', keys.publicKey));
    const keyId = Buffer.from(sha256(point)).toString('base64');
    this.#keys.set(keyId, { keys, point, attested: false, counter: 0 });
    return keyId;
  }

  /**
   * Lets the virtual Apple attest a key. A key can be attested again, and then gets a new certificate.
   *
   * @param clientDataHash SHA-256 of the server's challenge
   * @returns The attestation object, CBOR
   * @throws DCError `invalidKey` if the key is unknown or lost
   * @throws AppAttestError `invalid_argument` if `clientDataHash` is not bytes
   */
  async attestKey(keyId: string, clientDataHash: Uint8Array): Promise<Uint8Array> {
    const passed = readPassedHash(clientDataHash);
    const key = this.#key(keyId);
    const environment = this.#misbehaviour.developmentBuild ? 'development' : this.#environment;
    const extensions = this.#signedExtensions();
    const forged = this.#forgedExtensions();
    const passedHash = concat(forged, passed);
    const authData = attestationData(this.#appId, this.#flags(extensions), environment, key.point, extensions);
    const credCert = await this.#certify(keyId, key, sha256(authData, this.#attestedHash(passedHash)));
    const receipt = await this.#apple.issueReceipt(this, keyId, {
      appId: this.#appId,
      credCert,
      clientDataHash: passedHash,
      environment,
      token: randomBytes(64).toString('base64'),
    });
    key.attested = true;
    this.#latestKeyId = keyId;
    return this.#object({
      fmt: 'apple-appattest',
      attStmt: { x5c: [credCert, this.#apple.attestationAuthority.intermediate.certificate], receipt },
      authData: concat(authData, forged),
    });
  }

  /**
   * Signs a request with an attested key, and increments the counter of the key.
   *
   * @param clientDataHash SHA-256 of the request
   * @returns The assertion object, CBOR
   * @throws DCError `invalidKey` if the key is unknown, lost, or not attested yet
   * @throws AppAttestError `invalid_argument` if `clientDataHash` is not bytes
   */
  async generateAssertion(keyId: string, clientDataHash: Uint8Array): Promise<Uint8Array> {
    const passed = readPassedHash(clientDataHash);
    const key = this.#key(keyId);
    if (!key.attested) throw new DCError('invalidKey', 'the key has not been attested');

    if (!this.#misbehaviour.standingCounter) key.counter += 1;
    const extensions = this.#signedExtensions();
    const forged = this.#forgedExtensions();
    const authenticatorData = assertionData(this.#appId, this.#flags(extensions), key.counter, extensions);
    const signature = await signEcdsa(sha256(authenticatorData, forged, passed), key.keys.privateKey);
    return this.#object({ signature, authenticatorData: concat(authenticatorData, forged) });
  }

  /**
   * Signs a request to a protected route. Returns the headers that an app sends: key identifier, assertion, challenge, and
   * `Content-Digest` if there is a body. Send these headers with the same method, target and body.
   *
   * @throws DCError `invalidKey` if the key is unknown, lost, or not attested yet
   * @throws AppAttestError `invalid_argument` if the method is not in upper case, the target does not start with `/`, the
   *   challenge is empty, or an option is missing, unknown or of the wrong type
   *
   * @example
   * ```ts
   * const body = JSON.stringify({ item: 'coffee' });
   * const headers = await device.signRequest({ method: 'POST', target: '/orders', body, challenge });
   * const response = await fetch(`${origin}/orders`, { method: 'POST', headers, body });
   * ```
   */
  async signRequest(passed: RequestToSign): Promise<Record<string, string>> {
    const request = readRequestToSign(passed);
    const keyId = request.keyId ?? this.#latestKeyId;
    if (keyId === undefined) throw new DCError('invalidKey', 'the device has not attested any key');
    return signedHeaders(request, keyId, (clientDataHash) => this.generateAssertion(keyId, clientDataHash));
  }

  /** Deletes a key. Real devices lose their keys when the app is reinstalled or the device is restored from a backup. */
  loseKey(keyId: string): void {
    this.#keys.delete(keyId);
  }

  #key(keyId: string): VirtualKey {
    const key = this.#keys.get(keyId);
    if (!key) throw new DCError('invalidKey', 'the device does not have this key');
    return key;
  }

  #certify(keyId: string, { keys }: VirtualKey, nonce: Uint8Array): Promise<Uint8Array> {
    const now = this.#apple.now();
    const { validity, keyUsageProperties, operatingSystem, accessControlList, extendedKeyUsage } = this.#system;
    const notBefore = later(now, this.#misbehaviour.expiredCertificate ? -DAY - validity : -DAY);
    return issueCredentialCertificate(
      {
        keyIdentifier: Buffer.from(keyId, 'base64').toString('hex'),
        issuedAt: now,
        notBefore,
        notAfter: later(notBefore, validity),
        nonce,
        keyUsageProperties: keyUsageProperties(this.#certifiedAppId),
        operatingSystem,
        accessControlList,
        extendedKeyUsage,
      },
      keys.publicKey,
      this.#apple.attestationAuthority,
    );
  }

  #attestedHash(clientDataHash: Uint8Array): Uint8Array {
    return this.#misbehaviour.wrongNonce ? sha256('another challenge') : clientDataHash;
  }

  /** Returns `undefined` if the operating system or the app's SDK does not support extensions. */
  #signedExtensions(): AuthenticatorExtensions | undefined {
    return this.#system.signsValidationCategory && !this.#misbehaviour.olderSdk ? this.#extensions : undefined;
  }

  /** The forged extensions. The device signs them with the client data hash. The app then adds them to authenticator data. */
  #forgedExtensions(): Uint8Array {
    return encodeExtensions(this.#misbehaviour.forgedExtensions);
  }

  #flags(extensions: AuthenticatorExtensions | undefined): number {
    return extensions ? ATTESTED_CREDENTIAL_DATA | EXTENSION_DATA : ATTESTED_CREDENTIAL_DATA;
  }

  /** Encodes the CBOR map of the evidence. Up to iOS 26, apps with the App Attest opt-in entitlement add the field `cdHash`. */
  #object(entries: Record<string, unknown>): Uint8Array {
    if (this.#system.codeDirectoryHash !== 'unsigned') return cbor(entries);
    return cbor({ ...entries, cdHash: this.#misbehaviour.rewrittenCodeDirectoryHash ?? this.#codeDirectoryHash });
  }
}

/** Devices set this flag in assertions too, although assertions contain no credential data. */
const ATTESTED_CREDENTIAL_DATA = 0x40;
const EXTENSION_DATA = 0x80;

function readOperatingSystem(os: VirtualOs): OperatingSystem {
  if (Object.hasOwn(OPERATING_SYSTEMS, os)) return OPERATING_SYSTEMS[os];
  throw notAccepted(`os must be one of ${Object.keys(OPERATING_SYSTEMS).join(', ')}`, os);
}

function readEnvironment(environment: Environment = 'production'): Environment {
  if (isEnvironment(environment)) return environment;
  throw notAccepted("environment must be 'production' or 'development'", environment);
}
