import { AppleExtension, AppleTagNumber, TaggedValues } from '../certificates/apple-extensions.js';
import type { Certificate } from '../certificates/certificate.js';

/**
 * The device, as Apple certified it at the time of the attestation. These values are observed in recorded attestations. Apple does
 * not document them. Certificates of older operating systems have fewer values, and future certificates may have other values.
 * Use these values for statistics only.
 */
export interface AttestedDevice {
  /** The platform's name in Apple's SDKs, for example `"iphoneos"`. */
  platform?: string;
  /** The version of the operating system, for example `"27.0"`. */
  osVersion?: string;
  /** The build of the operating system, for example `"24A325b"`. */
  osBuild?: string;
  /**
   * The kind of device: 0 for an iPad, 2 for an iPhone. Recordings of iOS 16 to 18 have 4294967295 or 4294967294, or no
   * value.
   */
  deviceClass?: number;
}

/**
 * Decodes the operating system extension of a verified credential certificate. The result omits missing values.
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
