import { createHash } from 'node:crypto';
import { decodeBase64, encodeBase64 } from '../../encoding/base64.js';
import { sha256, sha256OfText } from '../../encoding/bytes.js';
import { decodeUtf8 } from '../../encoding/utf8.js';

/** Client data in a form that an app may have hashed by mistake. */
export interface DataForm {
  readonly data: string | Uint8Array;
  /** What the app did. Completes a sentence that begins with "The app". */
  readonly did: string;
  readonly remedy: string;
}

/** Bytes that an app may have passed to the device as the hash of client data. */
export interface HashForm {
  readonly clientDataHash: Uint8Array;
  /** What the app did. Completes a sentence that begins with "The app". */
  readonly did: string;
  readonly remedy: string;
}

const HEX = /^(?:[0-9a-f]{2})+$/i;

/** Forms of client data: decoded, encoded again, or slightly changed. `name` is `challenge` or `payload`. */
export function dataForms(value: string | Uint8Array, name: string): DataForm[] {
  const text = typeof value === 'string' ? value : decodeUtf8(value);
  return [
    ...(text === undefined ? [] : textForms(text, name)),
    ...(typeof value === 'string' ? [] : byteForms(value, name)),
  ];
}

function textForms(text: string, name: string): DataForm[] {
  const asSent = `In the app, hash the UTF-8 bytes of exactly the ${name} that the server verifies.`;
  const form = (data: string | Uint8Array, did: string, remedy = asSent): DataForm => ({ data, did, remedy });
  const decoded = `In the app, hash the text of the ${name} without decoding it, or set clientData: 'sha256-decoded' on the server.`;
  const base64 = base64In(text);
  return [
    ...(base64 ? [form(base64, `decoded the ${name} from base64`, decoded)] : []),
    ...(HEX.test(text) ? [form(Buffer.from(text, 'hex'), `decoded the ${name} from hex`)] : []),
    form(
      JSON.stringify(text),
      `encoded the ${name} as a JSON string, in quotes`,
      `In the app, hash the ${name} without JSON.stringify or JSONEncoder.`,
    ),
    form(
      JSON.stringify({ challenge: text }),
      `put the ${name} into a JSON object with the field challenge`,
      `On the server, pass the JSON text that the app hashed, or hash only the ${name} in the app.`,
    ),
    form(`${text}\n`, `added a line feed to the end of the ${name}`),
    form(`${text}\r\n`, `added a carriage return and a line feed to the end of the ${name}`),
    form(
      text.trim(),
      `removed the white space around the ${name}`,
      `Keep the white space around the ${name} in the app, or remove it on the server too.`,
    ),
    form(
      '',
      `used an empty text in place of the ${name}`,
      `In the app, check that the ${name} is not empty before you hash it.`,
    ),
    form(
      text.toUpperCase(),
      `changed the ${name} to upper case`,
      `Keep the case of the ${name} in the app: for example, uuidString in Swift returns upper case.`,
    ),
    form(
      text.toLowerCase(),
      `changed the ${name} to lower case`,
      `Keep the case of the ${name} in the app and on the server.`,
    ),
    form(encodeBase64(Buffer.from(text)), `encoded the ${name} as base64`),
    form(Buffer.from(text).toString('base64url'), `encoded the ${name} as base64url`),
    form(Buffer.from(text).toString('hex'), `encoded the ${name} as hex`),
    form(encodeURIComponent(text.toWellFormed()), `percent-encoded the ${name}`),
    form(percentDecoded(text), `percent-decoded the ${name}`),
    form(toBase64url(text), `changed the ${name} from base64 to base64url`),
    form(toBase64(text), `changed the ${name} from base64url to base64`),
    form(text.replace(/={1,2}$/, ''), `removed the = at the end of the ${name}`),
    form(
      text.replaceAll('+', ' '),
      `used a space in place of each + in the ${name}`,
      'In forms and URLs, send each + as %2B, or use base64url instead of base64.',
    ),
    form(
      text.replaceAll(' ', '+'),
      `used + where the ${name} on the server has a space`,
      'In forms and URLs, send each + as %2B, or use base64url instead of base64.',
    ),
    form(Buffer.from(text, 'utf16le'), `encoded the ${name} as UTF-16`, `In the app, encode the ${name} as UTF-8.`),
    form(text.normalize('NFC'), `changed the ${name} to the Unicode form NFC`),
    form(text.normalize('NFD'), `changed the ${name} to the Unicode form NFD`),
  ];
}

function byteForms(bytes: Uint8Array, name: string): DataForm[] {
  const remedy = `On the server, pass the ${name} as the text that the app hashed, or hash the decoded bytes in the app.`;
  const buffer = Buffer.from(bytes);
  const form = (data: string, encoding: string): DataForm => {
    return { data, did: `encoded the bytes of the ${name} as ${encoding}`, remedy };
  };
  return [
    form(buffer.toString('base64'), 'base64'),
    form(buffer.toString('base64url'), 'base64url'),
    form(buffer.toString('base64').replace(/={1,2}$/, ''), 'base64 without padding'),
    form(toBase64url(buffer.toString('base64')), 'base64url with padding'),
    form(buffer.toString('hex'), 'hex'),
    form(buffer.toString('hex').toUpperCase(), 'upper-case hex'),
    form(JSON.stringify(buffer.toString('base64')), 'base64 in JSON quotes'),
  ];
}

/** The bytes that apps pass to the device if they do not hash client data exactly once with SHA-256. */
export function hashForms(data: string | Uint8Array, name: string): HashForm[] {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const hash = sha256(bytes);
  const hex = Buffer.from(hash).toString('hex');
  const base64 = encodeBase64(hash);
  const remedy = 'In the app, pass the 32 bytes of one SHA-256 to the device.';
  const once = `In the app, hash the ${name} only once: the Capacitor plugin and most other plugins hash it already.`;
  return [
    {
      clientDataHash: bytes,
      did: `did not hash the ${name}, but passed it as the client data hash`,
      remedy: `In the app, pass SHA-256 of the ${name} to the device, or pass the ${name} as clientDataHash on the server.`,
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
