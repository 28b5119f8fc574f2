import { asAssertion, MAX_ASSERTION_LENGTH } from '../assertion/assertion-object.js';
import { assertSignature } from '../assertion/assertion-signature.js';
import { decodeAuthenticatorData } from '../authenticator-data/authenticator-data.js';
import { assertCounterIncreased } from '../authenticator-data/counter.js';
import { assertExtensions } from '../authenticator-data/extension-policy.js';
import { assertAppId } from '../authenticator-data/rp-id-hash.js';
import { assertSignedEnd } from '../authenticator-data/signed-end.js';
import { decodeCborMap } from '../encoding/cbor-map.js';
import { shortHex } from '../errors.js';
import { verifyEcdsaInPool } from '../keys/ecdsa.js';
import { decodeEvidence } from '../options/evidence.js';
import type { ExpectedAssertion } from './assertion-options.js';
import { CheckList } from './check-list.js';
import { readPastedEvidence } from './evidence-text.js';

const SHA256_LENGTH = 32;
/**
 * A search of longer text would take longer than 100 verifications. One verification takes a tenth of a millisecond.
 */
const MAX_PASTED_LENGTH = 65_536;

/** What is known about an assertion after its checks. */
export type CheckedAssertion = ExpectedAssertion & Awaited<ReturnType<typeof checkAssertion>>;

/** Makes the checks of `verifyAssertion`, in the same order. */
export async function checkAssertion({
  appIds,
  policy,
  storedCounter,
  clientData,
  evidence,
  publicKey,
}: ExpectedAssertion) {
  const checks = new CheckList();
  const make = checks.make.bind(checks);
  const decoded = make('encoding', {}, () => asAssertion(() => decodeEvidence(evidence, MAX_ASSERTION_LENGTH)));
  const pasted = readPastedEvidence(evidence, MAX_PASTED_LENGTH);
  const bytes = decoded ?? pasted.bytes;

  const object = make('assertion object', {}, bytes && (() => asAssertion(() => decodeCborMap(bytes))));
  const signature = make('signature field', {}, object && (() => asAssertion(() => object.bytes('signature'))));
  const data = make(
    'authenticator data',
    {},
    object &&
      (() => {
        return asAssertion(() => decodeAuthenticatorData(object.bytes('authenticatorData')));
      }),
  );
  const hash = clientData?.hash;
  if (hash && hash.length !== SHA256_LENGTH) {
    make('end of authenticator data', {}, data && (() => assertSignedEnd(data, 'malformed_assertion')));
  }

  await checks.makeLater(
    'signature',
    { step: 3 },
    signature &&
      publicKey &&
      data &&
      hash &&
      (() => {
        return assertSignature(signature, publicKey, data.bytes, hash, verifyEcdsaInPool);
      }),
  );
  make(
    'App ID',
    { step: 4, actual: data && shortHex(data.rpIdHash) },
    data &&
      appIds &&
      (() => {
        assertAppId(data.rpIdHash, appIds);
      }),
  );
  const counter = data && String(data.counter);
  make(
    'counter',
    { step: 5, actual: counter },
    data &&
      storedCounter !== undefined &&
      (() => {
        assertCounterIncreased(data.counter, storedCounter);
      }),
  );
  if (policy) make('policy', {}, data && (() => assertExtensions(data.extensions, policy)));

  return { checks, pasted, bytes, signature, data };
}
