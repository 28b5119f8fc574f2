import { AppleExtension, readSingleOctetString } from '../certificates/apple-extensions.js';
import type { Certificate } from '../certificates/certificate.js';
import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError, shortHex } from '../errors.js';

/**
 * The access control list of a key on a Mac with Full Security and System Integrity Protection (SIP). Apple requires exactly
 * these bytes. Source: Apple, Validating apps that connect to your server, attestation step 4.
 */
const MAC_ACCESS_CONTROL_LIST = Buffer.from(
  'MEAMAjExMDowCQwCb2uhAwEB/zAJDAJvYaEDAQH/MAsMBG9kZWyhAwEB/zAVDARvc2duoAYMBHJzZWMwBaYDAgEB',
  'base64',
);

/**
 * Rejects a key of a Mac on which Full Security or SIP is turned off. The owner of a Mac can turn off these protections.
 * Apple documents no requirement for other devices, so their lists are not checked.
 *
 * @throws AppAttestError `access_control_mismatch`
 */
export function assertAccessControlList(credCert: Certificate, platform: string | undefined): void {
  if (!isMac(platform)) return;
  const actual = readAccessControlList(credCert);
  if (equalBytes(actual, MAC_ACCESS_CONTROL_LIST)) return;
  throw new AppAttestError(
    'access_control_mismatch',
    'Full Security or System Integrity Protection is turned off on the Mac',
    {
      expected: shortHex(MAC_ACCESS_CONTROL_LIST),
      actual: shortHex(actual),
    },
  );
}

/**
 * Returns whether the platform name belongs to a Mac. Apple uses the names of its SDKs, such as "iphoneos". There is no
 * recording of a Mac yet, so every name that begins with "mac" counts as a Mac.
 */
function isMac(platform: string | undefined): boolean {
  return platform?.toLowerCase().startsWith('mac') ?? false;
}

function readAccessControlList(credCert: Certificate): Uint8Array {
  const extension = credCert.extensions.get(AppleExtension.AccessControlList);
  if (!extension) {
    throw new AppAttestError('access_control_mismatch', 'the certificate of the Mac has no access control list');
  }
  try {
    return readSingleOctetString(extension);
  } catch (cause) {
    throw new AppAttestError(
      'access_control_mismatch',
      'the access control list in the certificate of the Mac cannot be decoded',
      { cause },
    );
  }
}
