import type { CertificateChain } from '../../certificates/certificate-chain.js';
import { VIRTUAL_APPLE } from '../../certificates/virtual-apple.js';
import type { Cause } from '../explanation.js';
import { certain, likely, possible } from './certainty.js';

const DAY = 24 * 60 * 60 * 1000;
/** Clocks that are wrong are usually wrong by less than this. */
const CLOCK = DAY;

/** Explains certificates that are not valid at a date, although they were or will be at another. */
export function validityCauses(chain: CertificateChain, date: Date, isDateGiven: boolean, osVersion?: string): Cause[] {
  const notBefore = new Date(Math.max(...chain.map((certificate) => certificate.notBefore.getTime())));
  const notAfter = new Date(Math.min(...chain.map((certificate) => certificate.notAfter.getTime())));
  if (notAfter < notBefore) {
    return [
      certain('At no date are all certificates valid.', 'Reject the request: the certificates do not belong together.'),
    ];
  }
  const period = `from ${notBefore.toISOString()} to ${notAfter.toISOString()}`;
  const when = isDateGiven ? 'the option date' : 'the clock of the server';
  if (date < notBefore) {
    const summary = `The certificates are valid only ${period}, and ${when} is ${date.toISOString()}: a clock is behind.`;
    return [
      certain(
        summary,
        isDateGiven
          ? 'Pass the time at which the attestation arrived as date.'
          : 'Set the clock of the server, for example with NTP.',
      ),
    ];
  }
  const old = osVersion?.startsWith('14.') ? ' Certificates of iOS 14 are valid for only three days.' : '';
  return [
    certain(
      `The attestation is old: its certificates were valid ${period}, and ${when} is ${date.toISOString()}.${old}`,
      'To verify recorded evidence again, pass the time at which it arrived as date; otherwise let the app attest a new key.',
    ),
    ...(date.getTime() - notAfter.getTime() < CLOCK && !isDateGiven
      ? [possible('The clock of the server is ahead.', 'Set the clock of the server, for example with NTP.')]
      : []),
  ];
}

/** What is known about a chain that ends in no trust anchor. */
export interface UntrustedChain {
  readonly chain: CertificateChain;
  /** Whether the caller passed trust anchors instead of Apple's root certificate. */
  readonly areAnchorsGiven: boolean;
  /** Whether the chain ends in Apple's root certificate. */
  readonly isApples: boolean;
  /** The names of the options for the trust anchors of this kind of evidence. */
  readonly testAnchors: 'trustAnchors' | 'receiptTrustAnchors';
}

/** Explains a chain that does not end in a trust anchor. */
export function untrustedCauses({ chain, areAnchorsGiven, isApples, testAnchors }: UntrustedChain): Cause[] {
  if (isApples) {
    return [
      certain(
        'The certificates come from Apple, but trustAnchors replace Apple’s root certificate.',
        'Remove the option trustAnchors from the server that real devices use.',
      ),
    ];
  }
  const isVirtual = chain.some(({ issuer }) => Buffer.from(issuer).includes(VIRTUAL_APPLE));
  if (isVirtual) {
    return [
      likely(
        areAnchorsGiven
          ? 'The evidence comes from a virtual device of another virtual Apple.'
          : 'The evidence comes from a virtual device of app-attest/testing, which no production server trusts.',
        `Pass ${testAnchors} of the virtual Apple that created the device, in tests only.`,
      ),
    ];
  }
  return [
    likely(
      'The certificates do not come from Apple, or they were changed on the way.',
      'Reject the request; if every device fails, compare the bytes in the app with the bytes on the server.',
    ),
  ];
}
