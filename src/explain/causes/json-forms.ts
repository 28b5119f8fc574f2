import type { DataForm } from './client-data-forms.js';

const MAX_DEPTH = 16;
/** All orders of the names are tried if the outermost object has at most this many names. Four names have 24 orders. */
const MAX_PERMUTED = 4;

const REMEDY =
  'On the server, verify the raw bytes of the body before any JSON parser runs; in the app, sign exactly the text that is sent.';

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type Style = (json: Json) => string;

/** The styles in which JSON libraries write a value, each with a description. */
const STYLES: readonly (readonly [style: Style, did: string])[] = [
  [(json) => JSON.stringify(json), 'without spaces'],
  [(json) => JSON.stringify(json).replaceAll('/', '\\/'), 'with \\/ for each slash, as Swift and PHP write it'],
  [spaced, 'with a space after each comma and colon, as Python writes it'],
  [(json) => escapedUnicode(spaced(json)), 'with spaces and \\u escapes, as Python writes it'],
  [(json) => JSON.stringify(json, null, 2), 'with line breaks and two spaces'],
  [(json) => JSON.stringify(json, null, 4), 'with line breaks and four spaces'],
  [(json) => JSON.stringify(json, null, '\t'), 'with line breaks and tabs'],
  [swiftPretty, 'pretty-printed, as Swift writes it'],
  [(json) => escapedUnicode(JSON.stringify(json)), 'with \\u escapes'],
  [(json) => escapedHtml(JSON.stringify(json)), 'with <, > and & escaped, as Go writes it'],
];

/**
 * Yields JSON text as other libraries write it, one form at a time, because an indented form can be much longer than the text.
 * Yields nothing if the text is not a JSON object or array.
 */
export function* jsonForms(text: string): Generator<DataForm> {
  const json = parse(text);
  if (json === undefined) return;
  const form = (data: string, how: string): DataForm => {
    return {
      data,
      did: `signed the JSON ${how}, but the server verified JSON that was parsed and serialized again`,
      remedy: REMEDY,
    };
  };
  const orders: readonly (readonly [Json, string])[] = [
    [json, ''],
    [reordered(json, (a, b) => (a < b ? -1 : 1)), ', with sorted names'],
    [reordered(json, (a, b) => a.length - b.length || (a < b ? -1 : 1)), ', with the shortest names first'],
    [reordered(json, () => 0, true), ', with the names in reverse order'],
  ];
  for (const [ordered, order] of orders) {
    for (const [style, how] of STYLES) yield form(style(ordered), `${how}${order}`);
  }
  for (const permuted of permutations(json)) yield form(JSON.stringify(permuted), 'with the names in another order');
}

function parse(text: string): Json | undefined {
  if (!/^\s*[[{]/.test(text) || isDeep(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Deep nesting would exhaust the stack. Brackets in strings also count, so text with many brackets in strings may be
 * skipped.
 */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

function isObject(json: Json): json is { readonly [name: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function reordered(json: Json, compare: (a: string, b: string) => number, isReversed = false): Json {
  if (Array.isArray(json)) return json.map((item: Json) => reordered(item, compare, isReversed));
  if (!isObject(json)) return json;
  const entries = Object.entries(json).toSorted(([a], [b]) => compare(a, b));
  if (isReversed) entries.reverse();
  return Object.fromEntries(entries.map(([name, value]) => [name, reordered(value, compare, isReversed)]));
}

function permutations(json: Json): Json[] {
  if (!isObject(json)) return [];
  const entries = Object.entries(json);
  if (entries.length > MAX_PERMUTED) return [];
  return permuted(entries).map((order) => Object.fromEntries(order));
}

function permuted<Item>(items: readonly Item[]): (readonly Item[])[] {
  if (items.length < 2) return [items];
  return items.flatMap((item, index) => permuted(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

function spaced(json: Json): string {
  if (Array.isArray(json)) return `[${json.map(spaced).join(', ')}]`;
  if (!isObject(json)) return JSON.stringify(json);
  return `{${Object.entries(json)
    .map(([name, value]) => `${JSON.stringify(name)}: ${spaced(value)}`)
    .join(', ')}}`;
}

/** `JSONEncoder` and `JSONSerialization` with `prettyPrinted`: a space on both sides of a colon. */
function swiftPretty(json: Json): string {
  return JSON.stringify(json, null, 2)
    .replace(/^(\s*"(?:[^"\\]|\\.)*"):/gm, '$1 :')
    .replaceAll('/', '\\/');
}

function escapedUnicode(text: string): string {
  return text.replace(/[^\0-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function escapedHtml(text: string): string {
  return text.replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}
