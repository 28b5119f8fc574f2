import { AppAttestError } from '../errors.js';

/** The two packages that decode a part of the CMS (Cryptographic Message Syntax) structure of a receipt. */
export interface CmsLibrary {
  readonly asn1js: typeof import('asn1js');
  readonly pkijs: typeof import('pkijs');
}

/**
 * Loads the packages when the first receipt is decoded. Most servers verify no receipts, and loading takes tens of
 * milliseconds.
 *
 * @throws AppAttestError `invalid_argument` if the packages cannot be loaded
 */
export async function loadCmsLibrary(): Promise<CmsLibrary> {
  try {
    const [asn1js, pkijs] = await Promise.all([import('asn1js'), import('pkijs')]);
    return { asn1js, pkijs };
  } catch (cause) {
    throw new AppAttestError(
      'invalid_argument',
      'the packages asn1js and pkijs, which decode receipts, cannot be loaded',
      {
        cause,
      },
    );
  }
}
