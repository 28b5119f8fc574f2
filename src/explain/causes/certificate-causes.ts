import type { CertificateChain } from '../../certificates/certificate-chain.js';
import { VIRTUAL_APPLE } from '../../certificates/virtual-apple.js';
import type { Cause } from '../explanation.js';
import { certain, likely, possible } from './certainty.js';

const DAY = 24 * 60 * 60 * 1000;
/** A wrong clock is usually wrong by less than one day. */
const CLOCK = DAY;

/** Explains certificates that are not all valid at the date of the check. */
export function validityCauses(chain: CertificateChain, date: Date, isDateGiven: boolean, osVersion?: string): Cause[] {
  const notBefore = new Date(Math.max(...chain.map((certificate) => certificate.notBefore.getTime())));
  const notAfter = new Date(Math.min(...chain.map((certificate) => certificate.notAfter.getTime())));
  if (notAfter < notBefore) {
    return [
      certain(
        'There is no date at which all certificates are valid.',
        'Reject the request, because the certificates do not belong together.',
      ),
    ];
  }
  const period = `from ${notBefore.toISOString()} to ${notAfter.toISOString()}`;
  const now = `${isDateGiven ? 'the option date is' : 'the clock of the server shows'} ${date.toISOString()}`;
  if (date < notBefore) {
    const summary = `The certificates are valid only ${period}, but ${now}, which is too early.`;
    return [
      certain(
        summary,
        isDateGiven
          ? 'Pass the time at which the attestation arrived as the option date.'
          : 'Set the clock of the server, for example with NTP.',
      ),
    ];
  }
  const old = osVersion?.startsWith('14.')
    ? ' The certificate of a device with iOS 14 is valid for only three days.'
    : '';
  return [
    certain(
      `The attestation is old: its certificates were valid ${period}, but ${now}.${old}`,
      'Let the app attest a new key; to verify a recorded attestation again, pass the time at which it arrived as the option date.',
    ),
    ...(date.getTime() - notAfter.getTime() < CLOCK && !isDateGiven
      ? [possible('The clock of the server is ahead.', 'Set the clock of the server, for example with NTP.')]
      : []),
  ];
}

/** What is known about a chain that does not end in a trust anchor. */
export interface UntrustedChain {
  readonly chain: CertificateChain;
  /** Whether the caller passed trust anchors instead of Apple's root certificate. */
  readonly areAnchorsGiven: boolean;
  /** Whether the chain ends in Apple's root certificate. */
  readonly isApples: boolean;
  /** The property of a virtual Apple that contains the root certificates for this kind of evidence. */
  readonly testAnchors: 'trustAnchors' | 'receiptTrustAnchors';
}

/** Explains a chain that does not end in a trust anchor. */
export function untrustedCauses({ chain, areAnchorsGiven, isApples, testAnchors }: UntrustedChain): Cause[] {
  if (isApples) {
    return [
      certain(
        'The certificates come from Apple, but the option trustAnchors replaces Apple’s root certificate.',
        'Remove the trust anchors from the options of the server that real devices use.',
      ),
    ];
  }
  const isVirtual = chain.some(({ issuer }) => Buffer.from(issuer).includes(VIRTUAL_APPLE));
  if (isVirtual) {
    return [
      likely(
        areAnchorsGiven
          ? 'The evidence comes from a virtual device, but trustAnchors does not contain the root certificate of this evidence.'
          : 'The evidence comes from a virtual device of app-attest/testing, but the server trusts only Apple’s root certificate.',
        `In tests only, let the server trust the root certificates in ${testAnchors} of the virtual Apple that created the device.`,
      ),
    ];
  }
  return [
    likely(
      'The certificates do not come from Apple, or they were changed on the way.',
      'Reject the request; if all devices fail, compare the bytes of the evidence in the app with the bytes on the server.',
    ),
  ];
}
