import { sha256, sha256OfText } from '../../encoding/bytes.js';
import { shortText } from '../../errors.js';
import type { Cause } from '../explanation.js';
import { certain } from './certainty.js';
import { type DataForm, dataForms, hashForms } from './client-data-forms.js';

/** Whether the evidence was made for a client data hash. */
export type Matches = (clientDataHash: Uint8Array) => Promise<boolean>;

/** The limits of a search. They keep the cost of an explanation below that of 100 verifications. */
export interface SearchLimits {
  /** The maximum number of client data hashes to compare. */
  readonly tries: number;
  /** The bytes that are hashed in addition to the client data hash in each try. */
  readonly overhead: number;
}

/** The maximum number of bytes that all tries hash. */
const MAX_BYTES = 262_144;

/** The maximum length of client data that is searched. The many forms of longer client data would take too long to compute. */
export const MAX_SEARCHED_LENGTH = 4096;

/** Searches for the client data hash that evidence was made for. No hash is compared twice. */
export class ClientDataSearch {
  readonly #matches: Matches;
  readonly #overhead: number;
  readonly #seen = new Set<string>();
  #tries: number;
  #bytes = MAX_BYTES;

  constructor(matches: Matches, { tries, overhead }: SearchLimits) {
    this.#matches = matches;
    this.#tries = tries;
    this.#overhead = overhead;
  }

  /** Whether a limit was reached. Further forms are then not compared, so they need not be computed. */
  get isOver(): boolean {
    return this.#tries <= 0 || this.#bytes <= 0;
  }

  /** Compares one client data hash. */
  async has(clientDataHash: Uint8Array): Promise<boolean> {
    const cost = this.#overhead + clientDataHash.length;
    if (this.isOver || this.#bytes < cost) return false;
    const name = Buffer.from(clientDataHash).toString('latin1');
    if (this.#seen.has(name)) return false;
    this.#seen.add(name);
    this.#tries -= 1;
    this.#bytes -= cost;
    return this.#matches(clientDataHash);
  }

  /** Returns the first form whose SHA-256 matches. */
  async find<Form extends Pick<DataForm, 'data'>>(forms: Iterable<Form>): Promise<Form | undefined> {
    for (const form of forms) {
      if (this.isOver) return undefined;
      // A form that exceeds the limit ends the whole search, because the next forms are usually as long.
      this.#bytes -= form.data.length;
      if (this.#bytes < 0) return undefined;
      if (await this.has(hashOf(form.data))) return form;
    }
    return undefined;
  }
}

function hashOf(data: string | Uint8Array): Uint8Array {
  return typeof data === 'string' ? sha256OfText(data) : sha256(data);
}

/**
 * Finds the form of the client data that the app hashed, and the way in which the app hashed it.
 *
 * @param name The name of the client data: `challenge` or `payload`
 */
export async function clientDataCauses(
  search: ClientDataSearch,
  value: string | Uint8Array,
  name: string,
): Promise<Cause[]> {
  if (value.length > MAX_SEARCHED_LENGTH) return [];
  // If `value` is client data, its hash was compared before the search and did not match. So a match here means that
  // `value` is a client data hash.
  if (await search.has(hashOf(value))) {
    return [
      certain(
        'The app hashed the client data hash once more.',
        'Hash the client data only once: in the app, or in the plugin that the app uses.',
      ),
    ];
  }
  const hashed = await findHash(search, value, name);
  if (hashed) return [certain(`The app ${hashed.did}.`, hashed.remedy)];
  const forms = dataForms(value, name);
  const form = await search.find(forms);
  if (form) return [certain(`The app ${form.did}, and hashed the result.`, form.remedy)];
  const remedy = `In the app, pass one SHA-256 of exactly the ${name} that the server verifies to the device.`;
  for (const { data, did } of forms) {
    const both = await findHash(search, data, 'result');
    if (both) return [certain(`The app ${did}, and then it ${both.did}.`, remedy)];
  }
  return [];
}

async function findHash(search: ClientDataSearch, data: string | Uint8Array, name: string) {
  if (search.isOver) return undefined;
  for (const form of hashForms(data, name)) if (await search.has(form.clientDataHash)) return form;
  return undefined;
}

/** Tries the challenges of other requests, in the forms that `formsOf` returns. */
export async function otherChallengeCauses(
  search: ClientDataSearch,
  otherChallenges: readonly string[],
  formsOf: (challenge: string) => readonly Pick<DataForm, 'data'>[],
): Promise<Cause[]> {
  for (const challenge of otherChallenges) {
    if (!(await search.find(formsOf(challenge)))) continue;
    return [
      certain(
        `The app used the challenge ${shortText(challenge)} of another request.`,
        'In the app, request a new challenge for each attestation and each assertion, and use each challenge only once.',
      ),
    ];
  }
  return [];
}
