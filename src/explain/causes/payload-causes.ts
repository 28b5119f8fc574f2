import { decodeUtf8 } from '../../encoding/utf8.js';
import type { Cause } from '../explanation.js';
import { certain } from './certainty.js';
import type { DataForm } from './client-data-forms.js';
import {
  type ClientDataSearch,
  clientDataCauses,
  MAX_SEARCHED_LENGTH,
  otherChallengeCauses,
} from './client-data-search.js';
import { jsonForms } from './json-forms.js';
import { joinSignedRequest, splitSignedRequest, targetForms } from './target-forms.js';

/** A challenge in a JSON payload, in a field with a usual name. */
const CHALLENGE_IN_JSON = /("(?:challenge|nonce)"\s*:\s*")[^"]*(")/;

/** Finds the payload that the app signed. Tries forms of the payload that the server verified. */
export async function payloadCauses(
  search: ClientDataSearch,
  payload: string | Uint8Array,
  otherChallenges: readonly string[],
): Promise<Cause[]> {
  if (payload.length > MAX_SEARCHED_LENGTH) return [];
  const text = typeof payload === 'string' ? payload : decodeUtf8(payload);
  if (text !== undefined) {
    const request = splitSignedRequest(text);
    const form = await search.find([...lineForms(text), ...(request ? targetForms(request) : [])]);
    if (form) return [certain(`The app ${form.did}.`, form.remedy)];
    const others = await otherChallengeCauses(search, otherChallenges, (challenge) => withChallenge(text, challenge));
    if (others.length > 0) return others;
    const json = await search.find(request ? contentInJsonForms(request) : jsonForms(text));
    if (json) return [certain(`The app ${json.did}.`, json.remedy)];
  }
  return clientDataCauses(search, payload, 'payload');
}

function lineForms(text: string): DataForm[] {
  const remedy =
    'Verify the bytes that the app signed: let no editor, proxy or template change the ends of lines or of the text.';
  const form = (data: string, did: string): DataForm => ({ data, did, remedy });
  return [
    form(text.replace(/\r?\n$/, ''), 'signed the payload without the line feed at its end'),
    form(`${text}\n`, 'signed the payload with a line feed at its end'),
    form(text.replaceAll('\r\n', '\n'), 'signed line feeds where the server has carriage returns and line feeds'),
    form(text.replace(/\r?\n/g, '\r\n'), 'signed carriage returns and line feeds where the server has line feeds'),
    form(text.trim(), 'signed the payload without the white space around it'),
    form(text.replace(/^\ufeff/, ''), 'signed the payload without a byte order mark'),
    {
      data: '',
      did: 'signed an empty payload',
      remedy: 'In the app, check that the payload is not empty before you hash it.',
    },
  ];
}

function* contentInJsonForms(request: NonNullable<ReturnType<typeof splitSignedRequest>>): Generator<DataForm> {
  for (const form of jsonForms(request.content ?? '')) {
    yield { ...form, data: joinSignedRequest({ ...request, content: String(form.data) }) };
  }
}

/**
 * Returns the payload with another challenge. If no challenge is found in the payload, returns only the other
 * challenge.
 */
function withChallenge(text: string, challenge: string): Pick<DataForm, 'data'>[] {
  const request = splitSignedRequest(text);
  if (request) return [{ data: joinSignedRequest({ ...request, challenge }) }];
  if (!CHALLENGE_IN_JSON.test(text)) return [{ data: challenge }];
  const quoted = JSON.stringify(challenge).slice(1, -1);
  return [
    { data: text.replace(CHALLENGE_IN_JSON, (_, before: string, after: string) => `${before}${quoted}${after}`) },
  ];
}
