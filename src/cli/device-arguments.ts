import { shortText } from '../errors.js';
import { type Environment, isEnvironment } from '../options/environment.js';
import { OPERATING_SYSTEMS, type VirtualOs } from '../testing/device/operating-system.js';
import { parseCommandLine } from './command-line.js';
import { UsageError } from './usage-error.js';

/** The arguments of `app-attest device`. */
export interface DeviceArguments {
  /** The URL of the backend. Each request target begins with the path of this URL. */
  readonly url: URL;
  readonly appId: string;
  readonly os: VirtualOs;
  readonly environment: Environment;
  /** The method of the protected request. */
  readonly method: string;
  /** The path and the query of the protected request, without the path of `url`. */
  readonly path: string;
  readonly body: string | undefined;
  readonly challengePath: string;
  readonly registrationPath: string;
  /** Headers of all requests. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What `app-attest device` does. */
export type DeviceTask =
  | { readonly print: 'attestation' | 'receipt'; readonly rootFile: string | undefined }
  | { readonly run: DeviceArguments; readonly rootFile: string | undefined; readonly json: boolean };

const OPTIONS = {
  url: { type: 'string' },
  'app-id': { type: 'string' },
  os: { type: 'string' },
  environment: { type: 'string' },
  method: { type: 'string' },
  path: { type: 'string' },
  body: { type: 'string' },
  header: { type: 'string', multiple: true },
  'challenge-path': { type: 'string' },
  'registration-path': { type: 'string' },
  'root-file': { type: 'string' },
  'print-root': { type: 'boolean' },
  'print-receipt-root': { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** The protected request of the README. */
const README_REQUEST = { method: 'POST', path: '/orders', body: '{"item":"coffee"}' };

/** @throws UsageError */
export function readDeviceArguments(args: readonly string[]): DeviceTask {
  const { values } = parseCommandLine(args, OPTIONS);
  const rootFile = values['root-file'];
  if (values['print-root']) return { print: 'attestation', rootFile };
  if (values['print-receipt-root']) return { print: 'receipt', rootFile };
  if (values.url === undefined) throw new UsageError('--url is missing');
  if (values['app-id'] === undefined) throw new UsageError('--app-id is missing');
  const request = readRequest(values);
  return {
    rootFile,
    json: values.json ?? false,
    run: {
      url: readUrl(values.url),
      appId: values['app-id'],
      os: readOs(values.os ?? 'iOS 27'),
      environment: readEnvironmentName(values.environment ?? 'production'),
      ...request,
      challengePath: readPath('--challenge-path', values['challenge-path'] ?? '/app-attest/challenge'),
      registrationPath: readPath('--registration-path', values['registration-path'] ?? '/app-attest/registration'),
      headers: (values.header ?? []).map(readHeader),
    },
  };
}

function readRequest(values: { method?: string; path?: string; body?: string }) {
  const { method, path, body } = values;
  if (method === undefined && path === undefined && body === undefined) return README_REQUEST;
  if (path === undefined) throw new UsageError('--path is missing: the path of a protected route');
  const name = method ?? (body === undefined ? 'GET' : 'POST');
  if (!/^[A-Z-]{1,20}$/.test(name)) throw new UsageError('--method must be an HTTP method in upper case');
  if (body !== undefined && (name === 'GET' || name === 'HEAD')) throw new UsageError(`${name} allows no --body`);
  return { method: name, path: readPath('--path', path), body };
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isBase = url && /^https?:$/.test(url.protocol) && !url.search && !url.hash && !url.username && !url.password;
  if (isBase) return url;
  throw new UsageError('--url must be the URL of the backend, such as http://localhost:3000');
}

function readPath(name: string, text: string): string {
  // The app signs the path and the query exactly as it sends them.
  const url = `http://localhost${text}`;
  if (/^\/[!-~]*$/.test(text) && URL.canParse(url) && new URL(url).href === url) return text;
  throw new UsageError(`${name} must be a percent-encoded path that begins with /, without a fragment or dot segments`);
}

function readOs(text: string): VirtualOs {
  const [os] = Object.keys(OPERATING_SYSTEMS)
    .filter(isVirtualOs)
    .filter((name) => name === text);
  if (os) return os;
  throw new UsageError(`--os must be one of ${Object.keys(OPERATING_SYSTEMS).join(', ')}, not ${shortText(text)}`);
}

function isVirtualOs(name: string): name is VirtualOs {
  return Object.hasOwn(OPERATING_SYSTEMS, name);
}

function readEnvironmentName(text: string): Environment {
  if (isEnvironment(text)) return text;
  throw new UsageError('--environment must be production or development');
}

function readHeader(text: string): readonly [string, string] {
  const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):[ \t]*([\t -~]*)$/.exec(text) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  // The text is not shown, because it may be a token.
  throw new UsageError('--header must be a name, a colon and a value, such as "Authorization: Bearer …"');
}
