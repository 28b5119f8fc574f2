import { AppleExtension, AppleTagNumber, TaggedValues } from '../certificates/apple-extensions.js';
import type { Certificate } from '../certificates/certificate.js';
import { DecodingError } from '../encoding/decoding-error.js';
import { AppAttestError, shortText } from '../errors.js';
import { isAppId } from '../options/app-id.js';

/**
 * The App ID that newer leaf certificates name in clear text (observed, undocumented); `undefined` where there is none.
 *
 * @throws DecodingError where there is one that cannot be read
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
 * Where the leaf names an app, it must be the one that authenticator data speaks of, or an App Clip of it. The RP ID hash
 * of an App Clip is that of its full app (Apple: Validating apps …); whether the leaf names the clip is not known.
 *
 * @returns the App ID of the App Clip, where the leaf names one
 * @throws AppAttestError `app_id_mismatch`
 */
export function assertCertifiedAppId(certified: string | undefined, appId: string): string | undefined {
  if (certified === undefined || certified === appId) return undefined;
  if (certified.startsWith(`${appId}.`) && isAppId(certified)) return certified;
  throw new AppAttestError('app_id_mismatch', 'the certificate names another app than authenticator data', {
    expected: appId,
    actual: shortText(certified),
  });
}
