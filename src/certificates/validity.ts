import { DecodingError } from '../encoding/decoding-error.js';
import type { DerElement } from '../encoding/der-element.js';
import { Tag } from '../encoding/der-values.js';

/** The length of `YYYYMMDDHHMMSSZ`, a GeneralizedTime without a fraction of a second. */
const WHOLE_SECONDS = 15;

/**
 * Decodes a date of a certificate, in whole seconds and in UTC. Dates through 2049 are UTCTime. Dates from 2050 on are
 * GeneralizedTime. RFC 5280 §4.1.2.5.
 *
 * @param element An element from {@link readDer}, which checks that a time consists of digits
 * @throws DecodingError. Also thrown for a day or a time of day that does not exist
 */
export function readValidityDate(der: Uint8Array, element: DerElement): Date {
  const { contents } = element;
  const year = readYear(der, element);
  const afterYear = element.tag === Tag.UtcTime ? contents + 2 : contents + 4;
  const month = twoDigits(der, afterYear) - 1;
  const day = twoDigits(der, afterYear + 2);
  const hours = twoDigits(der, afterYear + 4);
  const minutes = twoDigits(der, afterYear + 6);
  const seconds = twoDigits(der, afterYear + 8);

  const date = new Date(Date.UTC(year, month, day, hours, minutes, seconds));
  // JavaScript converts February 30 to a day in March, and hour 24 to the next day.
  const isInCalendar = month >= 0 && month < 12 && date.getUTCDate() === day;
  if (isInCalendar && minutes < 60 && seconds < 60) return date;
  throw new DecodingError('not an X.509 certificate: a date is not in the calendar');
}

function readYear(der: Uint8Array, { tag, contents, end }: DerElement): number {
  const firstTwo = twoDigits(der, contents);
  if (tag === Tag.UtcTime) return firstTwo < 50 ? 2000 + firstTwo : 1900 + firstTwo;
  const year = firstTwo * 100 + twoDigits(der, contents + 2);
  if (tag === Tag.GeneralizedTime && end - contents === WHOLE_SECONDS && year >= 2050) return year;
  throw new DecodingError(
    'not an X.509 certificate: a date is neither UTCTime through 2049 nor GeneralizedTime from 2050',
  );
}

function twoDigits(der: Uint8Array, offset: number): number {
  return digit(der, offset) * 10 + digit(der, offset + 1);
}

function digit(der: Uint8Array, offset: number): number {
  return (der[offset] ?? 0) - 0x30;
}
