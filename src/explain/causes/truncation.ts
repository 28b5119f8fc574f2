import { extentOf } from '../evidence-kind.js';
import type { Cause } from '../explanation.js';
import { certain, likely } from './certainty.js';
import type { PassedEvidence } from './passed-evidence.js';

/** Common length limits of database columns, form fields and headers, in characters or bytes. */
const COLUMNS: ReadonlySet<number> = new Set([
  64, 100, 128, 191, 200, 255, 256, 500, 511, 512, 767, 1000, 1023, 1024, 2000, 2047, 2048, 3072, 4000, 4095, 4096,
  5000, 8000, 8190, 8191, 8192, 16_383, 16_384, 32_767, 32_768, 65_535, 65_536,
]);

/** Explains evidence that begins correctly but ends too early. Its length may be a common length limit. */
export function truncationCauses({ evidence, pasted, kind }: PassedEvidence): Cause[] {
  const { bytes, layers } = pasted;
  if (!bytes || pasted.kind !== kind || extentOf(bytes) !== 'cut' || layers.includes('a cut JSON envelope')) return [];
  const remedy = `Raise the length limit that cut off the ${kind}, for example of a database column or a header.`;
  const unit = typeof evidence === 'string' ? 'characters' : 'bytes';
  if (COLUMNS.has(evidence.length)) {
    return [
      certain(`The ${kind} was cut off after ${evidence.length} ${unit}, which is a common length limit.`, remedy),
    ];
  }
  if (COLUMNS.has(bytes.length)) {
    return [certain(`The ${kind} was cut off after ${bytes.length} bytes, which is a common length limit.`, remedy)];
  }
  return [likely(`The ${kind} ends too early: it was cut off after ${evidence.length} ${unit}.`, remedy)];
}
