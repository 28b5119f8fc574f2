import { environmentOf } from '../../authenticator-data/aaguid.js';
import { AppleExtension, readSingleOctetString } from '../../certificates/apple-extensions.js';
import { APPLE_APP_ATTESTATION_ROOT_CA } from '../../certificates/apple-roots.js';
import type { Certificate } from '../../certificates/certificate.js';
import { equalBytes, sha256 } from '../../encoding/bytes.js';
import { decodeUtf8 } from '../../encoding/utf8.js';
import { shortText } from '../../errors.js';
import { decodeReceipt } from '../../receipt/receipt.js';
import type { CheckedAttestation } from '../attestation-checks.js';
import type { Cause } from '../explanation.js';
import { appIdCauses, certifiedAppIdCauses } from './app-id-causes.js';
import { endsInApplesRoot } from './apples-chain.js';
import { certain, likely, unproven } from './certainty.js';
import { untrustedCauses, validityCauses } from './certificate-causes.js';
import { ClientDataSearch, clientDataCauses, otherChallengeCauses } from './client-data-search.js';
import { usedKeyCauses } from './counter-causes.js';
import { encodingCauses } from './encoding-causes.js';
import { environmentCauses } from './environment-causes.js';
import { policyCauses } from './extension-causes.js';
import { differentKeysCauses, keyIdentifierCauses } from './key-causes.js';
import { malformedCauses } from './malformed-causes.js';

/** Each try computes and compares one nonce, which costs about a thousandth of verifying an attestation. */
const TRIES = 4000;

/** The challenges of the samples in Apple's Attestation Object Validation Guide. The samples contain them unhashed. */
const SAMPLE_CHALLENGES: readonly string[] = ['test_server_challenge', 'example_server_challenge'];

/** Finds the mistakes that explain why an attestation is rejected. */
export async function attestationCauses(checked: CheckedAttestation): Promise<Cause[]> {
  const { checks, x5c, device, keyIdText, certifiedKey, date, isDateGiven } = checked;
  const failed = (name: string): boolean => checks.hasFailed(name);
  const passed = { evidence: checked.evidence, pasted: checked.pasted, kind: 'attestation' } as const;
  const causes: Cause[] = [];
  if (
    failed('encoding') ||
    failed('attestation object') ||
    (failed('format') && checked.pasted.kind !== 'attestation')
  ) {
    causes.push(...encodingCauses(passed));
  } else {
    causes.push(...malformedCauses(checks, 'attestation'));
  }
  if (keyIdText !== undefined && (failed('key identifier encoding') || failed('key identifier'))) {
    causes.push(...keyIdentifierCauses(keyIdText, certifiedKey));
  }
  const chainFailure = x5c && failed('certificate chain') ? await untrusted(checked, x5c) : [];
  const nonceFailure = failed('nonce') ? await nonceCauses(checked) : [];
  const certified: Cause[] = [];
  if (x5c && failed('certificate validity')) {
    certified.push(...validityCauses(checked.trusted ?? x5c, date, isDateGiven, device?.osVersion));
  }
  certified.push(...nonceFailure);
  if (failed('access control list')) {
    certified.push(
      likely(
        'The access control list of the key is missing, or differs from the list on a Mac with Full Security and System Integrity Protection.',
        'Reject the request; on the Mac, turn on Full Security and System Integrity Protection in macOS Recovery, and let the app attest a new key.',
      ),
    );
  }
  certified.push(...unproven(nonceFailure, authenticatorDataCauses(checked)));
  return [...causes, ...chainFailure, ...unproven(chainFailure, certified)];
}

/** Explains the failed checks of the App ID, the counter, the environment, the key, the credential ID and the policy. */
function authenticatorDataCauses(checked: CheckedAttestation): Cause[] {
  const { checks, data, device, certifiedAppId, appIds, environments } = checked;
  const failed = (name: string): boolean => checks.hasFailed(name);
  const causes: Cause[] = [];
  if (data && appIds && failed('App ID')) causes.push(...appIdCauses(data.rpIdHash, appIds, certifiedAppId));
  if (appIds && failed('App ID in the certificate')) causes.push(...certifiedAppIdCauses(certifiedAppId, appIds));
  if (data && failed('counter')) causes.push(...usedKeyCauses(data.counter));
  if (data && failed('environment')) causes.push(...environmentCauses(environmentOf(data.aaguid), environments));
  const isKeyIdWrong = failed('key identifier');
  if (failed('public key') || failed('certified key') || (failed('credential ID') && !isKeyIdWrong)) {
    causes.push(...differentKeysCauses());
  }
  if (data && failed('policy')) causes.push(...policyCauses(checks.find('policy'), data, device?.osVersion));
  return causes;
}

async function untrusted(checked: CheckedAttestation, chain: NonNullable<CheckedAttestation['x5c']>): Promise<Cause[]> {
  const { areAnchorsGiven } = checked;
  const isApples = areAnchorsGiven && (await endsInApplesRoot(chain, APPLE_APP_ATTESTATION_ROOT_CA));
  return untrustedCauses({ chain, areAnchorsGiven, isApples, testAnchors: 'trustAnchors' });
}

async function nonceCauses(checked: CheckedAttestation): Promise<Cause[]> {
  const { authData, clientData, otherChallenges, x5c } = checked;
  const nonce = x5c && nonceIn(x5c[0]);
  if (!authData || !clientData) return [];
  if (!nonce) {
    return [
      likely(
        'The credential certificate contains no nonce, or a malformed nonce.',
        'Reject the request, because each certificate that Apple issues for an attestation contains a nonce.',
      ),
    ];
  }
  const isMadeFor = (clientDataHash: Uint8Array): boolean => equalBytes(sha256(authData, clientDataHash), nonce);
  const search = new ClientDataSearch(async (hash) => isMadeFor(hash), { tries: TRIES, overhead: authData.length });
  const expected = clientData.value ?? clientData.hash;
  const sample = SAMPLE_CHALLENGES.find((challenge) => isMadeFor(Buffer.from(challenge)));
  if (sample !== undefined) {
    return [
      certain(
        `This attestation is a sample from Apple’s guide, and it contains the challenge ${shortText(sample)} in place of a hash.`,
        'For this sample only, pass the bytes of the challenge to the verifier as clientDataHash, and omit the option challenge.',
      ),
    ];
  }
  const found = [
    ...(await envelopeCauses(checked, search)),
    ...(await clientDataCauses(search, expected, 'challenge')),
    ...(await otherChallengeCauses(search, otherChallenges, (data) => [
      { data },
      { data: Buffer.from(data, 'base64') },
    ])),
  ];
  return found.length > 0 ? found.slice(0, 1) : receiptCause(checked, isMadeFor);
}

/** Tries the challenge in the JSON of the app. */
async function envelopeCauses({ pasted }: CheckedAttestation, search: ClientDataSearch): Promise<Cause[]> {
  const { challenge } = pasted.fields;
  if (challenge === undefined || !(await search.find([{ data: challenge }]))) return [];
  return [
    certain(
      `The app used the challenge ${shortText(challenge)} in its JSON, but the server compares another challenge.`,
      'On the server, look up the challenge that was issued for this request, and pass this challenge to the verifier.',
    ),
  ];
}

/**
 * Explains a wrong nonce with the receipt in the attestation. The receipt contains the client data hash that the app
 * passed to the device.
 */
async function receiptCause(checked: CheckedAttestation, isMadeFor: (hash: Uint8Array) => boolean): Promise<Cause[]> {
  const clientHash = await clientHashIn(checked.receipt);
  if (clientHash === undefined || !isMadeFor(clientHash)) {
    return [
      likely(
        'The app attested the key for another challenge, or the attestation was changed afterwards.',
        'Log the challenge in the app just before it is hashed, and compare its bytes with the challenge on the server.',
      ),
    ];
  }
  const text = decodeUtf8(clientHash);
  if (clientHash.length !== 32) {
    return [
      certain(
        `The app passed ${clientHash.length} bytes to the device instead of the 32 bytes of a SHA-256${text === undefined ? '' : `: ${shortText(text)}`}.`,
        'In the app, pass the 32 bytes of one SHA-256 to attestKey as clientDataHash.',
      ),
    ];
  }
  return [
    likely(
      'The app attested the key for another challenge.',
      'In the app, hash the challenge that the server issued for this registration, and attest the same key again with a new challenge.',
    ),
  ];
}

async function clientHashIn(receipt: Uint8Array | undefined): Promise<Uint8Array | undefined> {
  try {
    return receipt && (await decodeReceipt(receipt)).payload.clientHash;
  } catch {
    return undefined;
  }
}

function nonceIn({ extensions }: Certificate): Uint8Array | undefined {
  try {
    const extension = extensions.get(AppleExtension.Nonce);
    return extension && readSingleOctetString(extension);
  } catch {
    return undefined;
  }
}
