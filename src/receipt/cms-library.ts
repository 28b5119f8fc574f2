import { AppAttestError } from '../errors.js';

/** The two packages that read the signer of a receipt. */
export interface CmsLibrary {
  readonly asn1js: typeof import('asn1js');
  readonly pkijs: typeof import('pkijs');
}

/**
 * Loads the packages with the first receipt: most servers verify none, and it takes tens of milliseconds.
 *
 * @throws AppAttestError `invalid_argument` where they cannot be loaded: that is no fault of the receipt
 */
export async function loadCmsLibrary(): Promise<CmsLibrary> {
  try {
    const [asn1js, pkijs] = await Promise.all([import('asn1js'), import('pkijs')]);
    return { asn1js, pkijs };
  } catch (cause) {
    throw new AppAttestError(
      'invalid_argument',
      'the packages asn1js and pkijs, which read receipts, cannot be loaded',
      {
        cause,
      },
    );
  }
}
