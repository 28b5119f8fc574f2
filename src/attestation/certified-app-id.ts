import { AppleExtension, AppleTagNumber, TaggedValues } from '../certificates/apple-extensions.js';
import type { Certificate } from '../certificates/certificate.js';
import { DecodingError } from '../encoding/decoding-error.js';
import { AppAttestError, shortText } from '../errors.js';
import { isAppId } from '../options/app-id.js';

/**
 * The App ID in clear text that newer leaf certificates contain (observed, not documented); `undefined` if there is none.
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
 * An App ID in the leaf must be that of the app in authenticator data, or of an App Clip of this app. The RP ID hash of
 * an App Clip is that of its full app (Apple: Validating apps …). Whether the leaf contains the App ID of the App Clip is
 * not known.
 *
 * @returns the App ID of the App Clip, if the leaf contains one
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
