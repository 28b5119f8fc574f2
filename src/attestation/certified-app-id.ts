import { AppleExtension, AppleTag, TaggedValues } from '../certificates/apple-extensions.js';
import type { Certificate } from '../certificates/certificate.js';
import { DecodingError } from '../decoding-error.js';
import { AppAttestError, shortText } from '../errors.js';

/**
 * The App ID that newer leaf certificates name in clear text (observed, undocumented); `undefined` where there is none.
 *
 * @throws DecodingError where there is one that cannot be read
 */
export function readCertifiedAppId(credCert: Certificate): string | undefined {
  const extension = credCert.extensions.get(AppleExtension.KeyUsageProperties);
  if (!extension) return undefined;

  const properties = new TaggedValues(extension);
  if (!properties.has(AppleTag.AppId)) return undefined;

  const appId = properties.text(AppleTag.AppId);
  if (appId === undefined) throw new DecodingError('the App ID in the certificate is not text');
  return appId;
}

/**
 * Where the leaf names the app, it must be the one that authenticator data speaks of.
 *
 * @throws AppAttestError `app_id_mismatch`
 */
export function assertCertifiedAppId(certified: string | undefined, appId: string): void {
  if (certified === undefined || certified === appId) return;
  throw new AppAttestError('app_id_mismatch', 'the certificate names another app than authenticator data', {
    expected: appId,
    actual: shortText(certified),
  });
}
