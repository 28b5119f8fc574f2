import type { TaggedValue } from '../certificates/credential-certificate.js';
import { DAY } from '../time.js';

/**
 * The operating systems of virtual devices. For iOS 14.4, 17.2, 17.6, 18 and 27, the evidence has the same structure as
 * recordings from these versions. For all other names, the structure is derived from other recordings and Apple's
 * documentation.
 *
 * "opt-in" means that the app has the App Attest opt-in entitlement. Its evidence then contains a code directory hash, which
 * is unsigned up to iOS 26 and signed from iOS 27 on.
 */
export type VirtualOs =
  | 'iOS 14.4'
  | 'iOS 17.2'
  | 'iOS 17.6'
  | 'iOS 18'
  | 'iOS 18.5 opt-in'
  | 'iOS 26'
  | 'iOS 26 opt-in'
  | 'iOS 27'
  | 'iOS 27 opt-in'
  | 'macOS 27';

/** The properties of an operating system that determine the structure of evidence. */
export interface OperatingSystem {
  /** The extension 1.2.840.113635.100.8.5 of the credential certificate. */
  readonly keyUsageProperties: (appId: string) => readonly TaggedValue[];
  /** The extension 1.2.840.113635.100.8.7 of the credential certificate. */
  readonly operatingSystem: readonly TaggedValue[];
  /** The extension 1.2.840.113635.100.8.6 of the credential certificate. */
  readonly accessControlList: Uint8Array | undefined;
  readonly extendedKeyUsage: boolean;
  /** The validity of the credential certificate, in milliseconds. It starts a day before the certificate is issued. */
  readonly validity: number;
  readonly codeDirectoryHash: 'none' | 'unsigned' | 'signed';
  readonly signsValidationCategory: boolean;
  readonly signsBundleVersion: boolean;
}

const properties = (middle: (appId: string) => readonly TaggedValue[]) => {
  return (appId: string): readonly TaggedValue[] => [[4, 10], ...middle(appId)];
};

const IOS_14_PROPERTIES = properties((appId) => [
  [1200, 1],
  [1201, 0],
  [1202, 0],
  [1203, 1],
  [1204, appId],
  [5, ' sks'],
  [1206, 5],
  [1207, 0],
  [1209, 0],
  [1210, 0],
]);

const IOS_17_PROPERTIES = properties((appId) => [
  [1200, 1],
  [1201, 0],
  [1202, 1],
  [1203, 1],
  [1204, appId],
  [5, 'sks '],
  [1206, 5],
  [1207, 0],
  [1209, 0],
  [1210, 0],
  [1211, 0],
]);

const IOS_27_PROPERTIES = properties((appId) => [
  [1200, 0],
  [1201, 0],
  [1202, 0],
  [1203, 0],
  [1204, appId],
  [1206, 4],
  [1207, 0],
  [1209, 0],
  [1210, 0],
  [1211, 0],
  [10, 0],
]);

/** The device class in many recordings of iOS 16 to 18. Other recordings have 0 for an iPad and 2 for an iPhone. */
const UNKNOWN_DEVICE_CLASS = 0xffffffff;
const IPHONE = 2;

const ios17 = (version: string, build: string, number: string): readonly TaggedValue[] => [
  [1400, version],
  [1104, UNKNOWN_DEVICE_CLASS],
  [1403, build],
  [1405, version],
  [1406, 0],
  [1420, number],
];

/** The values in the operating system extension, from iOS 18 on. */
const modern = (
  version: string,
  build: string,
  number: string,
  platform: string,
  hardware: readonly TaggedValue[],
): readonly TaggedValue[] => [
  [1400, version],
  ...hardware,
  [1403, build],
  [1404, version],
  [1405, version],
  [1406, 0],
  [1407, 0],
  [1408, 0],
  [1409, 0],
  [1410, 0],
  [1411, 0],
  [1412, 1],
  [1413, 0],
  [1418, number],
  [1419, number],
  [1420, number],
  [1026, platform],
  [1029, 'Internal'],
];

const IPHONE_ACCESS_CONTROL_LIST = Buffer.from(
  'MEMMAjExMD0wCgwDb2tkoQMBAf8wCQwCb2GhAwEB/zALDARvc2duoQMBAf8wCwwEb2RlbKEDAQH/MAoMA29ja6EDAQH/',
  'base64',
);
/**
 * The list of a Mac with Full Security and System Integrity Protection. Source: Apple, Validating apps that connect to your
 * server, attestation step 4.
 */
const MAC_ACCESS_CONTROL_LIST = Buffer.from(
  'MEAMAjExMDowCQwCb2uhAwEB/zAJDAJvYaEDAQH/MAsMBG9kZWyhAwEB/zAVDARvc2duoAYMBHJzZWMwBaYDAgEB',
  'base64',
);

const IOS_14_4: OperatingSystem = {
  keyUsageProperties: IOS_14_PROPERTIES,
  operatingSystem: [[1400, '14.4']],
  accessControlList: undefined,
  extendedKeyUsage: false,
  validity: 3 * DAY,
  codeDirectoryHash: 'none',
  signsValidationCategory: false,
  signsBundleVersion: false,
};

const IOS_17_2: OperatingSystem = {
  ...IOS_14_4,
  keyUsageProperties: IOS_17_PROPERTIES,
  operatingSystem: ios17('17.2.1', '21C66', '21.3.66.0.0,0'),
  validity: 320 * DAY,
};

const IOS_18: OperatingSystem = {
  ...IOS_17_2,
  operatingSystem: modern('18.0', '22A244b', '22.1.244.0.2,0', 'iphoneos', [[1104, UNKNOWN_DEVICE_CLASS]]),
  validity: 3 * DAY,
};

const IOS_26: OperatingSystem = {
  ...IOS_18,
  operatingSystem: modern('26.0', '23A341', '23.1.341.0.0,0', 'iphoneos', [[1104, IPHONE]]),
  extendedKeyUsage: true,
};

const IOS_27: OperatingSystem = {
  ...IOS_26,
  keyUsageProperties: IOS_27_PROPERTIES,
  operatingSystem: modern('27.0', '24A325b', '24.1.325.0.2,0', 'iphoneos', [
    [1104, IPHONE],
    [1401, '1.0.216'],
  ]),
  accessControlList: IPHONE_ACCESS_CONTROL_LIST,
  signsValidationCategory: true,
  signsBundleVersion: true,
};

const MACOS_27: OperatingSystem = {
  ...IOS_27,
  operatingSystem: modern('27.0', '26A325b', '26.1.325.0.2,0', 'macosx', [[1401, '1.0.216']]),
  accessControlList: MAC_ACCESS_CONTROL_LIST,
  signsBundleVersion: false,
};

export const OPERATING_SYSTEMS: Readonly<Record<VirtualOs, OperatingSystem>> = {
  'iOS 14.4': IOS_14_4,
  'iOS 17.2': IOS_17_2,
  'iOS 17.6': { ...IOS_17_2, operatingSystem: ios17('17.6.1', '21G93', '21.7.93.0.0,0') },
  'iOS 18': IOS_18,
  'iOS 18.5 opt-in': {
    ...IOS_18,
    operatingSystem: modern('18.5', '22F76', '22.6.76.0.0,0', 'iphoneos', [[1104, UNKNOWN_DEVICE_CLASS]]),
    codeDirectoryHash: 'unsigned',
  },
  'iOS 26': IOS_26,
  'iOS 26 opt-in': { ...IOS_26, codeDirectoryHash: 'unsigned' },
  'iOS 27': IOS_27,
  'iOS 27 opt-in': { ...IOS_27, codeDirectoryHash: 'signed' },
  'macOS 27': MACOS_27,
};
