import type { KeyObject } from 'node:crypto';
import { sha256 } from '../../encoding/bytes.js';
import { verifyEcdsaInPool } from '../../keys/ecdsa.js';
import type { CheckedAssertion } from '../assertion-checks.js';
import type { Cause } from '../explanation.js';
import { appIdCauses } from './app-id-causes.js';
import { certain, possible, unproven } from './certainty.js';
import { ClientDataSearch, type Matches } from './client-data-search.js';
import { counterCauses } from './counter-causes.js';
import { encodingCauses } from './encoding-causes.js';
import { policyCauses, withoutFlagCause } from './extension-causes.js';
import { malformedCauses } from './malformed-causes.js';
import { payloadCauses } from './payload-causes.js';

/** Each try verifies one signature. The other 60 of the 100 allowed verifications are for the rest of the explanation. */
const TRIES = 40;

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
  const failure = publicKey && failed('signature') ? await signatureCauses(checked, publicKey) : [];
  const signed: Cause[] = [];
  if (data && appIds && failed('App ID')) signed.push(...appIdCauses(data.rpIdHash, appIds, undefined));
  if (data && storedCounter !== undefined && failed('counter')) {
    signed.push(...counterCauses(data.counter, storedCounter));
  }
  if (data && failed('policy')) signed.push(...policyCauses(checks.find('policy'), data));
  return [...causes, ...failure, ...unproven(failure, signed)];
}

async function signatureCauses(checked: CheckedAssertion, publicKey: KeyObject): Promise<Cause[]> {
  const { data, signature, clientData, otherChallenges, pasted } = checked;
  if (!data || !signature || !clientData) return [];
  const isSigned = (message: Uint8Array) => verifyEcdsaInPool('sha256', message, publicKey, signature);
  if (await isSigned(new Uint8Array(Buffer.concat([data.bytes, clientData.hash])))) {
    return [
      certain(
        'The signer used the nonce as the ECDSA digest, but devices sign SHA-256 of the nonce.',
        'In the code that created this assertion, pass the nonce to the signing function as the message, so that it is hashed once more.',
      ),
    ];
  }
  const matches: Matches = (clientDataHash) => isSigned(sha256(data.bytes, clientDataHash));
  const search = new ClientDataSearch(matches, { tries: TRIES, overhead: data.bytes.length });
  const { payload } = pasted.fields;
  if (payload !== undefined && (await search.find([{ data: payload }]))) {
    return [
      certain(
        'The app signed the payload in its JSON, but the server verifies another payload.',
        'On the server, verify the text of the payload in the JSON, exactly as the app sent it.',
      ),
    ];
  }
  const found = await payloadCauses(search, clientData.value ?? clientData.hash, otherChallenges);
  if (found.length > 0) return found;
  return [
    possible(
      'The app signed another payload, not the one that the server verifies.',
      'Log the payload in the app just before it is hashed, and compare its bytes with the payload on the server.',
    ),
    possible(
      'Another key signed the assertion: the app sent the identifier of another key, or the server looked up the key of another device or user.',
      'In the app, send the identifier of the key that signs, and register a new key after each installation; on the server, look up the stored key by this identifier.',
    ),
  ];
}
