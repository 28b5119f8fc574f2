import { DecodingError } from '../decoding-error.js';
import type { DerElement } from './der.js';
import { asciiOf, Identifier } from './der-values.js';

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/**
 * Reads a date of a certificate: UTCTime through 2049 and GeneralizedTime from 2050, in whole seconds and in UTC.
 * RFC 5280 §4.1.2.5.
 *
 * @throws DecodingError also for a day or an hour that no calendar and no clock shows
 */
export function readValidityDate(der: Uint8Array, element: DerElement): Date {
  const [year, month, day, hours, minutes, seconds] = readParts(asciiOf(der, element), element.identifier);
  const text = `${year}-${month}-${day}T${hours}:${minutes}:${seconds}.000Z`;
  const date = new Date(text);
  // JavaScript takes February 30 for March 2, and reads hour 24.
  if (!Number.isNaN(date.getTime()) && date.toISOString() === text) return date;
  throw new DecodingError('not an X.509 certificate: a date that no calendar has');
}

function readParts(text: string, identifier: number): readonly string[] {
  if (identifier === Identifier.UtcTime) {
    const [, year, ...parts] = UTC_TIME.exec(text) ?? [];
    if (year !== undefined) return [year < '50' ? `20${year}` : `19${year}`, ...parts];
  }
  if (identifier === Identifier.GeneralizedTime) {
    const [, year, ...parts] = GENERALIZED_TIME.exec(text) ?? [];
    if (year !== undefined && year >= '2050') return [year, ...parts];
  }
  throw new DecodingError('not an X.509 certificate: a date is neither UTCTime through 2049 nor GeneralizedTime later');
}
