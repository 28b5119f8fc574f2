import { AppleExtension, AppleTagNumber, TaggedValues } from '../certificates/apple-extensions.js';
import type { Certificate } from '../certificates/certificate.js';

/**
 * The device, as Apple certified it at the time of the attestation. Observed, not documented: certificates of older
 * systems have fewer of these values, and later ones may have others. Use them for statistics, not for decisions.
 */
export interface AttestedDevice {
  /** The platform's name in Apple's SDKs, for example `"iphoneos"`. */
  platform?: string;
  /** For example `"27.0"`. */
  osVersion?: string;
  /** For example `"24A325b"`. */
  osBuild?: string;
  /** 0 for an iPad, 2 for an iPhone. Recordings of iOS 17 and 18 have 4294967295 and 4294967294 instead. */
  deviceClass?: number;
}

/**
 * Reads the operating system extension of a verified leaf certificate. Missing values are left out.
 *
 * @throws DecodingError
 */
export function readAttestedDevice(credCert: Certificate): AttestedDevice {
  const device: AttestedDevice = {};
  const extension = credCert.extensions.get(AppleExtension.OperatingSystem);
  if (!extension) return device;

  const values = new TaggedValues(extension);
  const platform = values.text(AppleTagNumber.PlatformName);
  const osVersion = values.text(AppleTagNumber.OsVersion);
  const osBuild = values.text(AppleTagNumber.OsBuild);
  const deviceClass = values.number(AppleTagNumber.DeviceClass);
  if (platform !== undefined) device.platform = platform;
  if (osVersion !== undefined) device.osVersion = osVersion;
  if (osBuild !== undefined) device.osBuild = osBuild;
  if (deviceClass !== undefined) device.deviceClass = deviceClass;
  return device;
}
