import { AppAttestError } from '../errors.js';

/** The two packages that decode the signer of a receipt. */
export interface CmsLibrary {
  readonly asn1js: typeof import('asn1js');
  readonly pkijs: typeof import('pkijs');
}

/**
 * Loads the packages for the first receipt: most servers verify none, and loading takes tens of milliseconds.
 *
 * @throws AppAttestError `invalid_argument` if they cannot be loaded, which is not the fault of the receipt
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
