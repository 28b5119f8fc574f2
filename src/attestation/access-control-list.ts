import { AppleExtension, readSingleOctetString } from '../certificates/apple-extensions.js';
import type { Certificate } from '../certificates/certificate.js';
import { equalBytes } from '../encoding/bytes.js';
import { AppAttestError, shortHex } from '../errors.js';

/**
 * The access control list of a key on a Mac with Full Security and System Integrity Protection on. Apple asks for
 * exactly these bytes. Source: Apple, Validating apps …, step 4.
 */
const MAC_ACCESS_CONTROL_LIST = Buffer.from(
  'MEAMAjExMDowCQwCb2uhAwEB/zAJDAJvYaEDAQH/MAsMBG9kZWyhAwEB/zAVDARvc2duoAYMBHJzZWMwBaYDAgEB',
  'base64',
);

/**
 * Asks a Mac, which its owner can open up, for proof that it is closed. Leaf certificates of other devices carry other
 * lists, or none, and Apple says nothing about those.
 *
 * @throws AppAttestError `access_control_mismatch`
 */
export function assertAccessControlList(credCert: Certificate, platform: string | undefined): void {
  if (!isMac(platform)) return;
  const actual = readAccessControlList(credCert);
  if (equalBytes(actual, MAC_ACCESS_CONTROL_LIST)) return;
  throw new AppAttestError('access_control_mismatch', 'the Mac runs without Full Security or SIP', {
    expected: shortHex(MAC_ACCESS_CONTROL_LIST),
    actual: shortHex(actual),
  });
}

/** Apple names platforms as its SDKs do, "iphoneos" for one; no Mac has been recorded yet, so "macosx" and "macos". */
function isMac(platform: string | undefined): boolean {
  return platform?.toLowerCase().startsWith('mac') ?? false;
}

function readAccessControlList(credCert: Certificate): Uint8Array {
  const extension = credCert.extensions.get(AppleExtension.AccessControlList);
  if (!extension) {
    throw new AppAttestError('access_control_mismatch', 'the certificate of a Mac carries no access control list');
  }
  try {
    return readSingleOctetString(extension);
  } catch (cause) {
    throw new AppAttestError('access_control_mismatch', 'the access control list cannot be read', { cause });
  }
}
