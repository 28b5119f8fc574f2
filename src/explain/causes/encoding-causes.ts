import { shortText } from '../../errors.js';
import type { Layer } from '../evidence-text.js';
import type { Cause } from '../explanation.js';
import { certain, likely } from './certainty.js';
import { otherKindCauses } from './other-kind.js';
import type { PassedEvidence } from './passed-evidence.js';
import { truncationCauses } from './truncation.js';

/** What an app or a server did to the evidence, and what to change. Plain base64 and base64url are correct. */
const MISTAKES: Readonly<Partial<Record<Layer, Mistake>>> = {
  'mixed base64 alphabets': [
    'mixes the alphabets of base64 and base64url',
    'In the app, encode the bytes with one alphabet, and do not replace characters afterwards.',
  ],
  'wrong padding': [
    'has the wrong number of = at the end, or a character is missing',
    'In the app, send the base64 text unchanged, with correct padding or without padding.',
  ],
  hex: ['is hex', 'Encode the bytes as base64 in the app, or decode the hex on the server and pass the decoded bytes.'],
  'an array of bytes': [
    'is an array of numbers',
    'In the app, encode the bytes as base64, because JSON has no type for bytes.',
  ],
  'a JSON envelope': [
    'is the whole JSON of the app',
    'Parse the JSON on the server, and pass only the field with the evidence, which the Capacitor plugin calls token.',
  ],
  'a cut JSON envelope': [
    'is the JSON of the app, and the JSON was cut off',
    'Send and store the whole JSON: raise the length limit of the request body or of the database column.',
  ],
  quotes: [
    'is in quotes',
    'On the server, parse the value with JSON.parse, or send the value without quotes in the app.',
  ],
  escapes: [
    'contains backslashes of a JSON text that was not parsed',
    'On the server, read the value with JSON.parse instead of cutting it out of the text.',
  ],
  'line breaks': [
    'contains line breaks or spaces',
    'In the app, encode without line breaks: in Swift, call base64EncodedString() without options.',
  ],
  'surrounding white space': [
    'begins or ends with white space',
    'On the server, remove the white space, such as the line feed at the end of a text file.',
  ],
  'percent-encoding': [
    'is percent-encoded',
    'On the server, percent-decode the value, for example with decodeURIComponent, or send the value in a JSON body.',
  ],
  'spaces instead of +': [
    'has a space in place of each +',
    'In forms and URLs, send each + as %2B, or use base64url, because + is decoded as a space.',
  ],
  'a data URL': ['is a data URL', 'On the server, pass only the text after the comma.'],
  'a header line': ['begins with the name of a header', 'On the server, pass only the value of the header.'],
  'a description of NSData': [
    'is the description of an NSData object, which omits bytes',
    'In the app, call base64EncodedString() instead of description or string interpolation.',
  ],
};

/** Finds mistakes in the encoding of evidence that cannot be decoded. */
export function encodingCauses(passed: PassedEvidence): Cause[] {
  const { evidence, pasted, kind } = passed;
  const isFound = pasted.kind !== undefined;
  const truncation = truncationCauses(passed);
  // Text that was cut off can lack its padding, so wrong padding is not a second mistake.
  const layers = pasted.layers.filter((layer) => layer !== 'wrong padding' || truncation.length === 0);
  const causes = [...undecodedText(passed), ...mistakesIn(layers)].map(([did, remedy]) => {
    const summary = `The text of the ${kind} ${did}.`;
    return isFound || pasted.bytes === undefined ? certain(summary, remedy) : likely(summary, remedy);
  });
  const others = [...otherKindCauses(passed), ...truncation];
  if (causes.length + others.length > 0) return [...causes, ...others];
  return [
    likely(
      `The ${kind} was changed on the way to the server, or other data was passed in its place.`,
      typeof evidence === 'string'
        ? `Compare the text in the app with the text on the server, which begins with ${shortText(evidence.slice(0, 24))}.`
        : 'Compare the bytes in the app with the bytes on the server.',
    ),
  ];
}

type Mistake = readonly [did: string, remedy: string];

function undecodedText({ evidence, pasted }: PassedEvidence): Mistake[] {
  if (typeof evidence === 'string' || pasted.layers.length === 0) return [];
  return [
    [
      'was passed as bytes, but was not decoded',
      'On the server, pass the text as a string, or decode the text and pass the decoded bytes.',
    ],
  ];
}

function mistakesIn(layers: readonly Layer[]): Mistake[] {
  const mistakes = layers.flatMap((layer) => (MISTAKES[layer] === undefined ? [] : [MISTAKES[layer]]));
  const encodings = layers.filter((layer) => layer === 'base64' || layer === 'base64url' || layer === 'hex');
  if (encodings.length < 2) return mistakes;
  return [
    ['was encoded twice', 'In the app, encode the bytes as base64 only once: plugins return base64 already.'] as const,
    ...mistakes,
  ];
}
