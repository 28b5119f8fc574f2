import { encodeBase64 } from '../../encoding/base64.js';
import { sha256OfText } from '../../encoding/bytes.js';
import type { DataForm } from './client-data-forms.js';

/** `METHOD SP target LF challenge`, and LF content or content digest (docs/http.md). */
const SIGNED_REQUEST = /^([A-Za-z]+) (\S+)\n([^\n]*)(?:\n(.*))?$/s;
const CONTENT_DIGEST = /^sha-256=:[A-Za-z0-9+/]+={0,2}:$/;
const METHODS: readonly string[] = ['POST', 'GET', 'PUT', 'PATCH', 'DELETE'];
/** Prefixes under which a proxy often mounts a backend. */
const PREFIXES: readonly string[] = ['/api', '/v1', '/api/v1', '/v2', '/app', '/backend'];

/** The parts of a signed request. */
interface SignedRequest {
  readonly method: string;
  readonly target: string;
  readonly challenge: string;
  /** The content or its digest. */
  readonly content: string | undefined;
}

/** Splits the text that is signed for a request. Returns `undefined` for any other payload. */
export function splitSignedRequest(payload: string): SignedRequest | undefined {
  const [, method, target, challenge, content] = SIGNED_REQUEST.exec(payload) ?? [];
  if (method === undefined || target === undefined || challenge === undefined) return undefined;
  return { method, target, challenge, content };
}

export function joinSignedRequest({ method, target, challenge, content }: SignedRequest): string {
  return [`${method} ${target}`, challenge, ...(content === undefined ? [] : [content])].join('\n');
}

/** What an app may have signed for a request with another target, method or content. */
export function targetForms(request: SignedRequest): DataForm[] {
  const form = (changes: Partial<SignedRequest>, did: string, remedy: string): DataForm => {
    return { data: joinSignedRequest({ ...request, ...changes }), did, remedy };
  };
  const { target, method, content, challenge } = request;
  const [path = '', query] = splitOnce(target, '?');
  const withPath = (changed: string) => (query === undefined ? changed : `${changed}?${query}`);
  const withQuery = (changed: string) => `${path}?${changed}`;
  const parameters = query?.split('&') ?? [];
  const proxy = (prefix: string) =>
    `Set publicTarget: (target) => '${prefix}' + target in the options of the handlers, or let the proxy keep the path.`;
  const slash = 'Request the same path in the app that it signs, with the same slash at its end.';
  const order = 'Sign the query in the app as it stands in the URL that is sent, in the same order.';
  const segments = path.split('/').slice(1);
  const onlyBody = "Sign METHOD, target, challenge and digest in the app, or set signed: 'body' on the server.";
  return [
    form(
      { target: withPath(path.endsWith('/') ? path.slice(0, -1) : `${path}/`) },
      path.endsWith('/')
        ? 'signed the target without the slash at its end'
        : 'signed the target with a slash at its end',
      slash,
    ),
    ...(parameters.length > 1
      ? [
          form({ target: withQuery(parameters.toSorted().join('&')) }, 'signed the query in sorted order', order),
          form({ target: withQuery(parameters.toReversed().join('&')) }, 'signed the query in another order', order),
        ]
      : []),
    ...(query === undefined
      ? []
      : [form({ target: path }, 'signed the target without its query', 'Sign path and query in the app.')]),
    ...[1, 2].flatMap((count) => {
      if (segments.length <= count) return [];
      const shorter = `/${segments.slice(count).join('/')}`;
      return [
        form(
          { target: withPath(shorter) },
          `signed the target without the prefix /${segments.slice(0, count).join('/')}`,
          'Sign the full path in the app, with the path of the base URL.',
        ),
      ];
    }),
    ...PREFIXES.map((prefix) =>
      form(
        { target: withPath(`${prefix}${path}`) },
        `signed the target with the prefix ${prefix}, which a proxy removed`,
        proxy(prefix),
      ),
    ),
    form(
      { target: decoded(target) },
      'signed the target without percent-encoding',
      'Sign the target in the app as it stands in the URL, percent-encoded.',
    ),
    form(
      { target: encodeURI(target.toWellFormed()) },
      'signed the target percent-encoded, and the server verified it decoded',
      'Verify the target on the server as it arrived.',
    ),
    ...METHODS.filter((other) => other !== method).map((other) =>
      form({ method: other }, `signed the method ${other}`, 'Sign the method that the app sends, in upper case.'),
    ),
    form(
      { method: method.toLowerCase() },
      'signed the method in lower case',
      'Sign the method in the app in upper case.',
    ),
    ...(content === undefined ? [] : contentForms(content, request)),
    { data: challenge, did: 'signed only the challenge', remedy: onlyBody },
    form({ content: undefined }, 'signed the request without its content', onlyBody),
  ];
}

function contentForms(content: string, request: SignedRequest): DataForm[] {
  const remedy = "Sign METHOD, target, challenge and digest in the app, or set signed: 'body' on the server.";
  const body: DataForm = { data: content, did: 'signed only the body, without method, target and challenge', remedy };
  if (CONTENT_DIGEST.test(content)) {
    const data = joinSignedRequest({ ...request, content: content.slice('sha-256=:'.length, -1) });
    return [
      {
        data,
        did: 'signed the digest without the name of its algorithm',
        remedy: 'Sign the value of Content-Digest as the app sends it.',
      },
    ];
  }
  const digest = `sha-256=:${encodeBase64(sha256OfText(content))}:`;
  return [
    body,
    {
      data: joinSignedRequest({ ...request, content: digest }),
      did: 'signed the digest of the content, and the server verified the content itself',
      remedy: 'Verify the value of Content-Digest in place of the content on the server.',
    },
  ];
}

function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const index = text.indexOf(separator);
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + separator.length)];
}

function decoded(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return target;
  }
}
