import type { KeyObject } from 'node:crypto';
import { sha256 } from '../../encoding/bytes.js';
import { verifyEcdsaInPool } from '../../keys/ecdsa.js';
import type { CheckedAssertion } from '../assertion-checks.js';
import type { Cause } from '../explanation.js';
import { appIdCauses } from './app-id-causes.js';
import { certain, possible } from './certainty.js';
import { ClientDataSearch, type Matches } from './client-data-search.js';
import { counterCauses } from './counter-causes.js';
import { encodingCauses } from './encoding-causes.js';
import { policyCauses, withoutFlagCause } from './extension-causes.js';
import { malformedCauses } from './malformed-causes.js';
import { payloadCauses } from './payload-causes.js';

/** Each try verifies a signature. Most of the 100 verifications are for the tries, the rest for computing them. */
const TRIES = 75;

/** Finds the mistakes that explain why an assertion is rejected. */
export async function assertionCauses(checked: CheckedAssertion): Promise<Cause[]> {
  const { checks, data, appIds, storedCounter, publicKey } = checked;
  const failed = (name: string): boolean => checks.hasFailed(name);
  const passed = { evidence: checked.evidence, pasted: checked.pasted, kind: 'assertion' } as const;
  const causes: Cause[] = [];
  const isOther = failed('signature field') && checked.pasted.kind !== 'assertion';
  if (failed('encoding') || failed('assertion object') || isOther) causes.push(...encodingCauses(passed));
  else if (failed('end of authenticator data')) causes.push(withoutFlagCause());
  else causes.push(...malformedCauses(checks, 'assertion'));
  if (publicKey && failed('signature')) causes.push(...(await signatureCauses(checked, publicKey)));
  if (data && appIds && failed('App ID')) causes.push(...appIdCauses(data.rpIdHash, appIds, undefined));
  if (data && storedCounter !== undefined && failed('counter'))
    causes.push(...counterCauses(data.counter, storedCounter));
  if (data && failed('policy')) causes.push(...policyCauses(checks.find('policy'), data));
  return causes;
}

async function signatureCauses(checked: CheckedAssertion, publicKey: KeyObject): Promise<Cause[]> {
  const { data, signature, clientData, otherChallenges, pasted } = checked;
  if (!data || !signature || !clientData) return [];
  const isSigned = (message: Uint8Array) => verifyEcdsaInPool('sha256', message, publicKey, signature);
  if (await isSigned(new Uint8Array(Buffer.concat([data.bytes, clientData.hash])))) {
    return [
      certain(
        'The signature covers the nonce as a digest, and devices sign the nonce as a message.',
        'In the code that created this assertion, sign SHA-256(nonce): hash the nonce once more.',
      ),
    ];
  }
  const matches: Matches = (clientDataHash) => isSigned(sha256(data.bytes, clientDataHash));
  const search = new ClientDataSearch(matches, { tries: TRIES, overhead: data.bytes.length });
  const { payload } = pasted.fields;
  if (payload !== undefined && (await search.find([{ data: payload }]))) {
    return [
      certain(
        'The app signed the payload in its JSON, not the one that the server verifies.',
        'Verify the text of the field payload on the server, exactly as the app sent it.',
      ),
    ];
  }
  const found = await payloadCauses(search, clientData.value ?? clientData.hash, otherChallenges);
  if (found.length > 0) return found;
  return [
    possible(
      'The app signed another payload than the server verifies.',
      'Compare the text in the app, just before it is hashed, with the payload on the server, byte by byte.',
    ),
    possible(
      'Another key signed: the app sent the identifier of another key, or the server found the key of another device or user.',
      'Send the identifier of the key that signs, find the stored key by it, and register a new key after each installation.',
    ),
  ];
}
