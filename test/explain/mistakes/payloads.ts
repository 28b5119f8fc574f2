import { assertionFor, PAYLOAD, sha256, signedInstead } from './genuine.js';
import type { Mistake } from './mistake.js';

const JSON_TEXT = '{"name":"a/b","city":"Köln","count":1,"open":true,"tags":["x"]}';
const json: unknown = JSON.parse(JSON_TEXT);
const SORTED = '{"city":"Köln","count":1,"name":"a/b","open":true,"tags":["x"]}';
const lines = PAYLOAD.split('\n');
const [requestLine = '', challenge = '', content = ''] = lines;
const withLine = (line: string): string => [line, challenge, content].join('\n');

const signed = (title: string, app: string | Uint8Array, server: string | Uint8Array, cause: RegExp): Mistake => {
  return { title, explain: () => signedInstead(app, server), code: 'invalid_signature', cause };
};

/** Assertions for which the app and the server use different payloads. */
export const payloads: readonly Mistake[] = [
  signed('sorts the names of JSON', SORTED, JSON_TEXT, /sorted names/),
  signed('writes the names of JSON in another order', '{"b":1,"c":2,"a":3}', '{"a":3,"b":1,"c":2}', /JSON/),
  signed(
    'writes JSON with spaces, as Python does',
    '{"a": 1, "b": [1, 2]}',
    '{"a":1,"b":[1,2]}',
    /as Python writes it/,
  ),
  signed(
    'writes JSON with \\u escapes, as Python does',
    JSON_TEXT.replace('ö', '\\u00f6').replaceAll(':', ': ').replaceAll(',', ', '),
    JSON_TEXT,
    /\\u escapes/,
  ),
  signed('writes pretty-printed JSON', JSON.stringify(json, null, 2), JSON_TEXT, /two spaces/),
  signed('writes JSON with \\/, as Swift does', JSON_TEXT.replaceAll('/', '\\/'), JSON_TEXT, /for each slash/),
  signed(
    'signs a request whose JSON the server serializes again',
    withLine(requestLine).replace('"a/b","count":1', '"a/b", "count": 1').replace('"name":', '"name": '),
    PAYLOAD,
    /as Python writes it/,
  ),
  signed('signs CR LF where the server has LF', 'one\r\ntwo', 'one\ntwo', /carriage returns and line feeds where/),
  signed('signs LF where the server has CR LF', 'one\ntwo', 'one\r\ntwo', /line feeds where the server has carriage/),
  signed('signs a line feed at the end of the payload', 'text\n', 'text', /with a line feed at its end/),
  signed('signs the payload without the line feed at its end', 'text', 'text\n', /without the line feed at its end/),
  signed('signs only the body', content, PAYLOAD, /only the body/),
  signed('signs only the challenge', challenge, PAYLOAD, /only the challenge/),
  signed(
    'signs a digest of the content',
    [requestLine, challenge, `sha-256=:${Buffer.from(sha256(content)).toString('base64')}:`].join('\n'),
    PAYLOAD,
    /digest of the content/,
  ),
  signed(
    'signs the query in another order',
    withLine('POST /api/orders?count=1&item=2'),
    PAYLOAD,
    /query in sorted order/,
  ),
  signed('signs the target without its query', withLine('POST /api/orders'), PAYLOAD, /without its query/),
  signed(
    'signs the target with a trailing slash',
    withLine('POST /api/orders/?item=2&count=1'),
    PAYLOAD,
    /with a slash at its end/,
  ),
  signed(
    'signs the path without the path of the base URL',
    withLine('POST /orders?item=2&count=1'),
    PAYLOAD,
    /without the prefix \/api/,
  ),
  signed(
    'signs a prefix that a proxy removes',
    withLine('POST /v1/api/orders?item=2&count=1'),
    PAYLOAD,
    /prefix \/v1, which the target on the server does not have/,
  ),
  signed('signs another method', withLine('PUT /api/orders?item=2&count=1'), PAYLOAD, /the method PUT/),
  signed(
    'signs the method in lower case',
    withLine('post /api/orders?item=2&count=1'),
    PAYLOAD,
    /method in lower case/,
  ),
  signed('signs the payload as a JSON string', JSON.stringify('text'), 'text', /as a JSON string/),
  signed(
    'signs the decoded payload',
    Buffer.from('AQIDBAUGBwg=', 'base64'),
    'AQIDBAUGBwg=',
    /decoded the payload from base64/,
  ),
  {
    title: 'does not hash the payload',
    explain: () => assertionFor(Buffer.from(PAYLOAD)),
    code: 'invalid_signature',
    cause: /did not hash the payload/,
  },
  {
    title: 'hashes the payload twice',
    explain: () => assertionFor(sha256(sha256(PAYLOAD))),
    code: 'invalid_signature',
    cause: /hashed the payload twice/,
  },
  {
    title: 'signs the challenge of another request',
    explain: () => assertionFor(sha256(PAYLOAD.replace(challenge, 'other')), { otherChallenges: ['some', 'other'] }),
    code: 'invalid_signature',
    cause: /the challenge "other" of another request/,
  },
  {
    title: 'signs JSON with the challenge of another request',
    explain: () =>
      assertionFor(sha256('{"challenge":"other","a":1}'), {
        payload: '{"challenge":"mine","a":1}',
        otherChallenges: ['other'],
      }),
    code: 'invalid_signature',
    cause: /of another request/,
  },
  {
    title: 'signs a payload that is no known form of the expected payload',
    explain: () => signedInstead('nobody knows'),
    code: 'invalid_signature',
    cause: /another payload/,
    certainty: 'possible',
  },
];
