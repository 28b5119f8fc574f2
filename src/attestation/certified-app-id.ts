import { AppleExtension, AppleTagNumber, TaggedValues } from '../certificates/apple-extensions.js';
import type { Certificate } from '../certificates/certificate.js';
import { DecodingError } from '../encoding/decoding-error.js';
import { AppAttestError, shortText } from '../errors.js';
import { isAppId } from '../options/app-id.js';

/**
 * Returns the App ID in the credential certificate, or `undefined` if the certificate contains no App ID. All recorded
 * certificates contain the App ID as text. Apple does not document this format.
 *
 * @throws DecodingError if the App ID cannot be decoded
 */
export function readCertifiedAppId(credCert: Certificate): string | undefined {
  const extension = credCert.extensions.get(AppleExtension.KeyUsageProperties);
  if (!extension) return undefined;

  const properties = new TaggedValues(extension);
  if (!properties.has(AppleTagNumber.AppId)) return undefined;

  const appId = properties.text(AppleTagNumber.AppId);
  if (appId === undefined) throw new DecodingError('the App ID in the certificate is not text');
  return appId;
}

/**
 * Checks that the certificate belongs to the same app as authenticator data, or to an App Clip of this app.
 *
 * For an App Clip, authenticator data contains the RP ID hash (SHA-256 of the App ID) of the full app. Source: Apple,
 * Validating apps that connect to your server. It is not known whether the certificate contains the App ID of the App Clip or
 * of the full app.
 *
 * @returns the App ID of the App Clip if the certificate belongs to an App Clip, otherwise `undefined`
 * @throws AppAttestError `app_id_mismatch`
 */
export function assertCertifiedAppId(certified: string | undefined, appId: string): string | undefined {
  if (certified === undefined || certified === appId) return undefined;
  if (certified.startsWith(`${appId}.`) && isAppId(certified)) return certified;
  throw new AppAttestError('app_id_mismatch', 'the certificate and authenticator data belong to different apps', {
    expected: appId,
    actual: shortText(certified),
  });
}
