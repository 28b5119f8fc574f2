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
    'Encode with one alphabet in the app, and replace no characters afterwards.',
  ],
  'wrong padding': [
    'has the wrong number of = at the end, or a character is missing',
    'Send the base64 text unchanged from the app, with its padding or entirely without.',
  ],
  hex: ['is hex', 'Encode the bytes as base64 in the app, or decode the hex on the server and pass the bytes.'],
  'an array of bytes': [
    'is an array of numbers',
    'Encode the bytes as base64 in the app, because JSON has no type for bytes.',
  ],
  'a JSON envelope': [
    'is the whole JSON of the app',
    'Parse the JSON on the server, and pass only the field with the evidence, which the Capacitor plugin calls token.',
  ],
  'a cut JSON envelope': [
    'is the JSON of the app, and the JSON was cut off',
    'Store and send the whole JSON: raise the limit of the body or of the database column.',
  ],
  quotes: ['is in quotes', 'Parse the JSON text with JSON.parse on the server, or send the text without quotes.'],
  escapes: [
    'contains backslashes of a JSON text that was not parsed',
    'Parse the JSON text with JSON.parse on the server instead of cutting the value out.',
  ],
  'line breaks': [
    'contains line breaks or spaces',
    'Encode without line breaks in the app: no lineLength options in Swift, NO_WRAP elsewhere.',
  ],
  'surrounding white space': [
    'begins or ends with white space',
    'Remove the white space on the server, for example the line feed that echo and text files add.',
  ],
  'percent-encoding': [
    'is percent-encoded',
    'Decode the value once on the server, for example with decodeURIComponent, or send it in a JSON body.',
  ],
  'spaces instead of +': [
    'has spaces in place of each + of base64',
    'Send each + as %2B in a form or a URL, or use base64url, because a form decodes + as a space.',
  ],
  'a data URL': ['is a data URL', 'Remove the text before and with the comma on the server.'],
  'a header line': ['begins with the name of a header', 'Pass only the value of the header.'],
  'a description of NSData': [
    'is the description of an NSData object, which omits bytes',
    'Call base64EncodedString() in the app instead of description or string interpolation.',
  ],
};

/** Finds mistakes in the encoding of evidence that cannot be decoded. */
export function encodingCauses(passed: PassedEvidence): Cause[] {
  const { evidence, pasted, kind } = passed;
  const isFound = pasted.kind !== undefined;
  const truncation = truncationCauses(passed);
  // Text that was cut off may end in the middle of a group of four characters.
  const layers = pasted.layers.filter((layer) => layer !== 'wrong padding' || truncation.length === 0);
  const causes = [...undecodedText(passed), ...mistakesIn(layers)].map(([did, remedy]) => {
    const summary = `The text of the ${kind} ${did}.`;
    return isFound || pasted.bytes === undefined ? certain(summary, remedy) : likely(summary, remedy);
  });
  const others = [...otherKindCauses(passed), ...truncation];
  if (causes.length + others.length > 0) return [...causes, ...others];
  return [
    likely(
      `The ${kind} is not what the device created: it was changed on its way, or it is something else.`,
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
      'was passed as bytes without decoding it',
      'Pass the text as a string, or decode it before it is passed as bytes.',
    ],
  ];
}

function mistakesIn(layers: readonly Layer[]): Mistake[] {
  const mistakes = layers.flatMap((layer) => (MISTAKES[layer] === undefined ? [] : [MISTAKES[layer]]));
  const encodings = layers.filter((layer) => layer === 'base64' || layer === 'base64url' || layer === 'hex');
  if (encodings.length < 2) return mistakes;
  return [
    ['was encoded twice', 'Encode the bytes as base64 once: the plugins return base64 already.'] as const,
    ...mistakes,
  ];
}
