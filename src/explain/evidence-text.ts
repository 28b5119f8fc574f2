import { decodeUtf8 } from '../encoding/utf8.js';
import { type EvidenceKind, extentOf, kindOfEvidence } from './evidence-kind.js';
import { type EnvelopeFields, openEnvelope } from './json-envelope.js';

/** Evidence that was found in text as people paste it or as apps send it by mistake. */
export interface PastedEvidence {
  /** The bytes of the evidence. Absent if no bytes were found. */
  bytes?: Uint8Array;
  /**
   * The kind of evidence, recognized by its first bytes. Absent if the bytes are not recognized. The other bytes may be
   * malformed.
   */
  kind?: EvidenceKind;
  /** A description of the encoding for people, for example `"base64"` or `"base64url in quotes in a JSON envelope"`. */
  encoding: string;
  /** The parts of `encoding`, the outermost first. Empty if the evidence was not encoded. */
  layers: Layer[];
  /** Other values in a JSON envelope around the evidence. */
  fields: EnvelopeFields;
}

/** A way in which evidence is encoded or wrapped. */
export type Layer =
  | 'base64'
  | 'base64url'
  | 'mixed base64 alphabets'
  | 'wrong padding'
  | 'hex'
  | 'an array of bytes'
  | 'a JSON envelope'
  | 'a cut JSON envelope'
  | 'quotes'
  | 'escapes'
  | 'line breaks'
  | 'surrounding white space'
  | 'percent-encoding'
  | 'spaces instead of +'
  | 'a data URL'
  | 'a header line'
  | 'a description of NSData';

/** The maximum length of text that is searched, in UTF-16 code units. The longest evidence fits, even as hex in JSON. */
const MAX_LENGTH = 262_144;
const MAX_LAYERS = 8;

/**
 * Finds evidence in text as people paste it. The encoding can be base64 once or twice, base64url, hex, arrays of bytes,
 * percent-encoding, quotes, line breaks, or JSON envelopes as plugins create them. If `pasted` is bytes, they may be
 * the evidence itself or text. Nothing is verified, and nothing in the text causes an error.
 *
 * @param maxLength The maximum length, in UTF-16 code units or bytes. A longer value is not searched
 */
export function readPastedEvidence(pasted: string | Uint8Array, maxLength = MAX_LENGTH): PastedEvidence {
  const layers: Layer[] = [];
  const fields: EnvelopeFields = {};
  let value: string | Uint8Array | undefined = pasted;
  if (pasted.length > maxLength) return { encoding: 'unknown', layers, fields };
  while (value !== undefined && layers.length < MAX_LAYERS) {
    const content: string | Uint8Array = typeof value === 'string' ? value : (textOf(value) ?? value);
    if (typeof content !== 'string') {
      const bytes = new Uint8Array(content);
      const kind = kindOfEvidence(bytes);
      return { bytes, ...(kind && { kind }), encoding: nameOf(layers), layers, fields };
    }
    value = peel(content, layers, fields);
  }
  return { encoding: 'unknown', layers, fields };
}

/** Decodes bytes as text. Returns `undefined` if the bytes are evidence, or are not text. */
function textOf(bytes: Uint8Array): string | undefined {
  if (kindOfEvidence(bytes)) return undefined;
  const text = decodeUtf8(bytes);
  return text === undefined || /[^\t\n\r\x20-\x7e\ufeff\u2018-\u201d]/.test(text) ? undefined : text;
}

const QUOTED = /^(?:"(.*)"|'(.*)'|`(.*)`|\u201c(.*)\u201d)$/s;
const HEX = /^(?:0x)?(?:[0-9a-f]{2})+$/i;
const SEPARATED_HEX = /^<?(?:0x)?[0-9a-f]{2}(?:[\s:,]*(?:0x)?[0-9a-f]{2})*[\s:,]*>?$/i;
const BASE64_CHARACTERS = /^[A-Za-z0-9+/_-]+={0,4}$/;
const HEADER = /^[A-Za-z][A-Za-z0-9-]{0,63}:\s+/;
const DATA_URL = /^data:[^,]{0,100};base64,/i;

/** Removes one layer. Returns `undefined` if the encoding of the text is not known. */
function peel(text: string, layers: Layer[], fields: EnvelopeFields): string | Uint8Array | undefined {
  const add = <Value>(layer: Layer, value: Value): Value => {
    layers.push(layer);
    return value;
  };
  if (BASE64_CHARACTERS.test(text)) return peelBase64(text, layers);
  const trimmed = text.replace(/^[\s\ufeff]+/, '').trimEnd();
  if (trimmed === '') return undefined;
  if (trimmed !== text) return add('surrounding white space', trimmed);
  if (text.startsWith('{length = ')) return add('a description of NSData', undefined);
  if (text.startsWith('{') || text.startsWith('[')) {
    const opened = openEnvelope(text, fields);
    if (!opened) return undefined;
    if (typeof opened.content !== 'string') return add('an array of bytes', Uint8Array.from(opened.content, Number));
    return add(opened.isCut ? 'a cut JSON envelope' : 'a JSON envelope', opened.content);
  }
  const quoted = QUOTED.exec(text)
    ?.slice(1)
    .find((inner) => inner !== undefined);
  if (quoted !== undefined) return add('quotes', quoted);
  if (DATA_URL.test(text)) return add('a data URL', text.replace(DATA_URL, ''));
  if (HEADER.test(text)) return add('a header line', text.replace(HEADER, ''));
  if (text.includes('\\')) return add('escapes', unescaped(text));
  if (/%[0-9a-f]{2}/i.test(text)) return add('percent-encoding', percentDecoded(text));
  if (SEPARATED_HEX.test(text)) return add('hex', Buffer.from(text.replace(/0x|[^0-9a-f]/gi, ''), 'hex'));
  if (/\s/.test(text)) return peelWhiteSpace(text, layers);
  return undefined;
}

function peelBase64(text: string, layers: Layer[]): Uint8Array {
  if (HEX.test(text)) {
    layers.push('hex');
    return Buffer.from(text.replace(/^0x/i, ''), 'hex');
  }
  const isUrl = /[-_]/.test(text);
  if (isUrl && /[+/]/.test(text)) layers.push('mixed base64 alphabets');
  const bytes = Buffer.from(text, 'base64');
  const padding = text.length - text.replace(/=+$/, '').length;
  const isPadded = padding > 0 && text.length % 4 !== 0;
  if (isPadded || (text.length - padding) % 4 === 1) layers.push('wrong padding');
  layers.push(isUrl ? 'base64url' : 'base64');
  return bytes;
}

/** Base64 has no spaces. In a form or a URL, a plus sign is decoded as a space. Otherwise the text was wrapped. */
function peelWhiteSpace(text: string, layers: Layer[]): string | undefined {
  const withPlus = text.replaceAll(' ', '+');
  if (BASE64_CHARACTERS.test(withPlus) && extentOf(Buffer.from(withPlus, 'base64')) === 'whole') {
    layers.push('spaces instead of +');
    return withPlus;
  }
  const joined = text.replace(/\s+/g, '');
  if (!BASE64_CHARACTERS.test(joined)) return undefined;
  layers.push('line breaks');
  return joined;
}

function unescaped(text: string): string {
  return text
    .replace(/\\[nrt]/g, '\n')
    .replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\/g, '');
}

function percentDecoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** `"base64 of base64"`, or the layers from the innermost to the outermost. */
function nameOf(layers: readonly Layer[]): string {
  if (layers.length === 0) return 'bytes';
  if (layers.join() === 'base64,base64') return 'base64 of base64';
  return layers.toReversed().join(' in ');
}
