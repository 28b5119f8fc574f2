import { encodeBase64 } from '../../encoding/base64.js';
import { sha256OfText } from '../../encoding/bytes.js';
import type { DataForm } from './client-data-forms.js';

/** `METHOD SP target LF challenge`, then LF and the content or its digest (docs/http.md). */
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

/** Payloads that an app may have signed by mistake, with another target, method or content. */
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
    `On the server, set publicTarget: (target) => '${prefix}' + target in the options of the handlers, or let the proxy keep the prefix.`;
  const slash = 'In the app, sign the path exactly as it is sent, with or without the slash at its end.';
  const order = 'In the app, sign the query exactly as it is in the URL that is sent, in the same order.';
  const segments = path.split('/').slice(1);
  const wholeText = 'In the app, sign the whole text: METHOD, target, challenge and content digest (docs/http.md).';
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
          form({ target: withQuery(parameters.toReversed().join('&')) }, 'signed the query in reverse order', order),
        ]
      : []),
    ...(query === undefined
      ? []
      : [form({ target: path }, 'signed the target without its query', 'In the app, sign the path and the query.')]),
    ...[1, 2].flatMap((count) => {
      if (segments.length <= count) return [];
      const shorter = `/${segments.slice(count).join('/')}`;
      return [
        form(
          { target: withPath(shorter) },
          `signed the target without the prefix /${segments.slice(0, count).join('/')}`,
          'In the app, sign the full path, including the path of the base URL.',
        ),
      ];
    }),
    ...PREFIXES.map((prefix) =>
      form(
        { target: withPath(`${prefix}${path}`) },
        `signed the target with the prefix ${prefix}, which the target on the server does not have`,
        proxy(prefix),
      ),
    ),
    form(
      { target: decoded(target) },
      'signed the target without percent-encoding',
      'In the app, sign the target exactly as it is in the URL, percent-encoded.',
    ),
    form(
      { target: encodeURI(target.toWellFormed()) },
      'signed the percent-encoded target, but the server verified the decoded target',
      'On the server, verify the target as it arrived, without decoding it.',
    ),
    ...METHODS.filter((other) => other !== method).map((other) =>
      form(
        { method: other },
        `signed the method ${other}`,
        'In the app, sign the method of the request that is sent, in upper case.',
      ),
    ),
    form(
      { method: method.toLowerCase() },
      'signed the method in lower case',
      'In the app, sign the method in upper case.',
    ),
    ...(content === undefined ? [] : contentForms(content, request)),
    { data: challenge, did: 'signed only the challenge', remedy: wholeText },
    form({ content: undefined }, 'signed the request without its content', wholeText),
  ];
}

function contentForms(content: string, request: SignedRequest): DataForm[] {
  const remedy =
    "In the app, sign METHOD, target, challenge and content digest, or set signed: 'body' on the server if the body contains the challenge.";
  const body: DataForm = { data: content, did: 'signed only the body, without method, target and challenge', remedy };
  if (CONTENT_DIGEST.test(content)) {
    const data = joinSignedRequest({ ...request, content: content.slice('sha-256=:'.length, -1) });
    return [
      {
        data,
        did: 'signed the digest without the name of its algorithm',
        remedy: 'In the app, sign the whole value of Content-Digest, exactly as it is sent.',
      },
    ];
  }
  const digest = `sha-256=:${encodeBase64(sha256OfText(content))}:`;
  return [
    body,
    {
      data: joinSignedRequest({ ...request, content: digest }),
      did: 'signed the digest of the content, but the server verified the content itself',
      remedy: 'On the server, verify the text with the value of Content-Digest in place of the content.',
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
