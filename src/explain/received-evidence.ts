import type { Layer, PastedEvidence } from './evidence-text.js';
import { openEnvelope } from './json-envelope.js';

/** Text that people add when they copy evidence from a log, a database or a request. */
const COPIED: ReadonlySet<Layer> = new Set<Layer>([
  'a JSON envelope',
  'a header line',
  'surrounding white space',
  'line breaks',
  'quotes',
]);
const ENCODINGS: ReadonlySet<Layer> = new Set<Layer>(['base64', 'base64url', 'hex']);

/**
 * Converts copied evidence to the evidence that the server received. Removes the text in {@link COPIED}. Keeps a wrong
 * encoding, so that it can be explained.
 */
export function receivedEvidence(
  input: string | Uint8Array,
  { bytes, kind, layers }: PastedEvidence,
): string | Uint8Array {
  const encodings = layers.filter((layer) => !COPIED.has(layer));
  const isEncodedOnce = encodings.length <= 1 && encodings.every((layer) => ENCODINGS.has(layer));
  if (bytes && kind && isEncodedOnce) return bytes;
  const text = (typeof input === 'string' ? input : Buffer.from(input).toString()).trim();
  const content = text.startsWith('{') ? openEnvelope(text, {})?.content : undefined;
  return typeof content === 'string' ? content : text;
}
