import { createHash } from 'node:crypto';
import { decodeBase64, encodeBase64 } from '../../encoding/base64.js';
import { sha256, sha256OfText } from '../../encoding/bytes.js';
import { decodeUtf8 } from '../../encoding/utf8.js';

/** Client data as an app may have changed it before hashing. */
export interface DataForm {
  readonly data: string | Uint8Array;
  /** What the app did, as the end of a sentence that begins with "The app". */
  readonly did: string;
  readonly remedy: string;
}

/** The bytes that an app may have passed to the device for client data. */
export interface HashForm {
  readonly clientDataHash: Uint8Array;
  /** What the app did, as the end of a sentence that begins with "The app". */
  readonly did: string;
  readonly remedy: string;
}

const HEX = /^(?:[0-9a-f]{2})+$/i;

/** Forms of one text: decoded, encoded once more, or with small changes. `name` is the name of the client data. */
export function dataForms(value: string | Uint8Array, name: string): DataForm[] {
  const text = typeof value === 'string' ? value : decodeUtf8(value);
  return [
    ...(text === undefined ? [] : textForms(text, name)),
    ...(typeof value === 'string' ? [] : byteForms(value, name)),
  ];
}

function textForms(text: string, name: string): DataForm[] {
  const asSent = `Hash the UTF-8 bytes of the ${name} in the app exactly as the server has it.`;
  const form = (data: string | Uint8Array, did: string, remedy = asSent): DataForm => ({ data, did, remedy });
  const decoded = `Hash the text of the ${name} in the app without decoding it, or set clientData: 'sha256-decoded' on the server.`;
  const base64 = base64In(text);
  return [
    ...(base64 ? [form(base64, `decoded the ${name} from base64 before it hashed the bytes`, decoded)] : []),
    ...(HEX.test(text)
      ? [form(Buffer.from(text, 'hex'), `decoded the ${name} from hex before it hashed the bytes`)]
      : []),
    form(
      JSON.stringify(text),
      `hashed the ${name} as JSON text, in quotes`,
      `Pass the ${name} in the app without JSON.stringify or JSONEncoder.`,
    ),
    form(
      JSON.stringify({ challenge: text }),
      `hashed JSON with the ${name} in it`,
      'Set readChallenge on the server, or hash only the challenge in the app.',
    ),
    form(`${text}\n`, `hashed the ${name} with a line feed at its end`),
    form(`${text}\r\n`, `hashed the ${name} with a carriage return and a line feed at its end`),
    form(
      text.trim(),
      `hashed the ${name} without the white space around it`,
      `Keep the white space in the app, or issue a ${name} without it.`,
    ),
    form(
      '',
      `hashed an empty text in place of the ${name}`,
      `Check in the app that the ${name} has arrived before it is hashed.`,
    ),
    form(
      text.toUpperCase(),
      `hashed the ${name} in upper case`,
      'Keep the case in the app: uuidString of Swift is upper case.',
    ),
    form(text.toLowerCase(), `hashed the ${name} in lower case`, 'Keep the case in the app and on the server.'),
    form(encodeBase64(Buffer.from(text)), `encoded the ${name} as base64 before it hashed the text`),
    form(Buffer.from(text).toString('base64url'), `encoded the ${name} as base64url before it hashed the text`),
    form(Buffer.from(text).toString('hex'), `encoded the ${name} as hex before it hashed the text`),
    form(encodeURIComponent(text.toWellFormed()), `percent-encoded the ${name} before it hashed the text`),
    form(percentDecoded(text), `percent-decoded the ${name} before it hashed the text`),
    form(toBase64url(text), `changed the ${name} from base64 to base64url`),
    form(toBase64(text), `changed the ${name} from base64url to base64`),
    form(text.replace(/={1,2}$/, ''), `removed the padding of the ${name}`),
    form(
      text.replaceAll('+', ' '),
      `hashed the ${name} with spaces in place of +`,
      'Send each + as %2B in a form or a URL, or issue base64url.',
    ),
    form(
      text.replaceAll(' ', '+'),
      `hashed the ${name} with + where the server has spaces`,
      'Send each + as %2B in a form or a URL, or issue base64url.',
    ),
    form(Buffer.from(text, 'utf16le'), `hashed the ${name} in UTF-16`, `Encode the ${name} as UTF-8 in the app.`),
    form(text.normalize('NFC'), `hashed the ${name} in the Unicode form NFC`),
    form(text.normalize('NFD'), `hashed the ${name} in the Unicode form NFD`),
  ];
}

function byteForms(bytes: Uint8Array, name: string): DataForm[] {
  const remedy = `Pass the text of the ${name} on the server, as the app received it, or decode it in the app before hashing.`;
  const buffer = Buffer.from(bytes);
  const form = (data: string, encoding: string): DataForm => {
    return { data, did: `hashed the ${encoding} text of the ${name}, and the server hashed the bytes`, remedy };
  };
  return [
    form(buffer.toString('base64'), 'base64'),
    form(buffer.toString('base64url'), 'base64url'),
    form(buffer.toString('base64').replace(/={1,2}$/, ''), 'base64 (without padding)'),
    form(toBase64url(buffer.toString('base64')), 'base64url (with padding)'),
    form(buffer.toString('hex'), 'hex'),
    form(buffer.toString('hex').toUpperCase(), 'upper-case hex'),
    form(JSON.stringify(buffer.toString('base64')), 'JSON-quoted base64'),
  ];
}

/** The ways in which apps hash client data, other than with SHA-256 once. */
export function hashForms(data: string | Uint8Array, name: string): HashForm[] {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const hash = sha256(bytes);
  const hex = Buffer.from(hash).toString('hex');
  const base64 = encodeBase64(hash);
  const remedy = 'Pass the 32 bytes of one SHA-256 to the device in the app.';
  const once = `Hash the ${name} only once: the Capacitor plugin and most other plugins hash it already.`;
  return [
    {
      clientDataHash: bytes,
      did: `did not hash the ${name}, but passed it as the client data hash`,
      remedy: `Pass SHA-256 of the ${name} to the device in the app, or pass clientDataHash on the server.`,
    },
    { clientDataHash: sha256(hash), did: `hashed the ${name} twice`, remedy: once },
    { clientDataHash: Buffer.from(hex), did: `passed the hash of the ${name} as hex text`, remedy },
    { clientDataHash: Buffer.from(base64), did: `passed the hash of the ${name} as base64 text`, remedy },
    { clientDataHash: sha256OfText(hex), did: `hashed the hex text of the hash of the ${name}`, remedy: once },
    {
      clientDataHash: sha256OfText(hex.toUpperCase()),
      did: `hashed the upper-case hex text of the hash of the ${name}`,
      remedy: once,
    },
    { clientDataHash: sha256OfText(base64), did: `hashed the base64 text of the hash of the ${name}`, remedy: once },
    {
      clientDataHash: sha256OfText(Buffer.from(hash).toString('base64url')),
      did: `hashed the base64url text of the hash of the ${name}`,
      remedy: once,
    },
    { clientDataHash: digest('sha512', bytes), did: `hashed the ${name} with SHA-512`, remedy },
    { clientDataHash: digest('sha384', bytes), did: `hashed the ${name} with SHA-384`, remedy },
    { clientDataHash: digest('sha1', bytes), did: `hashed the ${name} with SHA-1`, remedy },
  ];
}

function digest(algorithm: string, bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash(algorithm).update(bytes).digest());
}

function base64In(text: string): Uint8Array | undefined {
  try {
    return text === '' ? undefined : decodeBase64(text);
  } catch {
    return undefined;
  }
}

function toBase64url(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_');
}

function toBase64(text: string): string {
  const plain = text.replaceAll('-', '+').replaceAll('_', '/');
  return plain.padEnd(Math.ceil(plain.length / 4) * 4, '=');
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
