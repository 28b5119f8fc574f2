import { AppleExtension, AppleTagNumber, TaggedValues } from '../certificates/apple-extensions.js';
import type { Certificate } from '../certificates/certificate.js';

/**
 * What Apple certified about the device at the moment of the attestation. Observed and undocumented: certificates of
 * older systems carry less, later ones may carry something else. Fit for statistics, not for decisions.
 */
export interface AttestedDevice {
  /** As Apple's SDKs name it, for example `"iphoneos"`. */
  platform?: string;
  /** For example `"27.0"`. */
  osVersion?: string;
  /** For example `"24A325b"`. */
  osBuild?: string;
  /** 0 iPad, 2 iPhone. Recordings of iOS 17 and 18 show 4294967295 and 4294967294 instead. */
  deviceClass?: number;
}

/**
 * Reads the operating system extension of a leaf that Apple signed. What is absent stays out.
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
