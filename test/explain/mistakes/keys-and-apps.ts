import { generateKeyPairSync, sign } from 'node:crypto';
import { explainAssertion, explainAttestation } from '../../../src/index.js';
import { cbor } from '../../../src/testing/encoding/cbor.js';
import { createVirtualApple } from '../../../src/testing/index.js';
import { authenticatorDataHead } from '../../support/evidence.js';
import {
  APP_ID,
  apple,
  assertionFor,
  attestationWith,
  CHALLENGE,
  deviceWithKey,
  key,
  PAYLOAD,
  recorded,
  sha256,
} from './genuine.js';
import type { Mistake } from './mistake.js';

const { trustAnchors } = apple;
const keyIdBytes = Buffer.from(key.keyId, 'base64');
const other = await deviceWithKey();
const software = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const DAY = 24 * 60 * 60 * 1000;

const withKeyId = (
  title: string,
  keyId: string,
  cause: RegExp,
  certainty: Mistake['certainty'] = 'certain',
): Mistake => {
  return { title, explain: () => attestationWith({ keyId }), code: 'key_id_mismatch', cause, certainty };
};
const expecting = (
  title: string,
  appId: string,
  cause: RegExp,
  certainty: Mistake['certainty'] = 'certain',
): Mistake => {
  return { title, explain: () => attestationWith({ appId }), code: 'app_id_mismatch', cause, certainty };
};
const asserting = (
  title: string,
  appId: string,
  cause: RegExp,
  certainty: Mistake['certainty'] = 'certain',
): Mistake => {
  return { title, explain: () => assertionFor(sha256(PAYLOAD), { appId }), code: 'app_id_mismatch', cause, certainty };
};
const asClip = async () => {
  const { keyId, attestation } = await deviceWithKey({ appClipId: `${APP_ID}.Clip` });
  return attestationWith({ keyId, attestation, appId: `${APP_ID}.Clip` });
};

/** Explains an assertion as WebAuthn authenticators sign it. They hash authenticator data and client data hash only once. */
function signedOnce() {
  const authenticatorData = authenticatorDataHead(APP_ID, 0x40, 1);
  const signature = sign('sha256', Buffer.concat([authenticatorData, sha256(PAYLOAD)]), software.privateKey);
  const assertion = cbor({ signature: new Uint8Array(signature), authenticatorData });
  return explainAssertion({ assertion, publicKey: software.publicKey, payload: PAYLOAD, appId: APP_ID, counter: 0 });
}

async function withDevice(misbehaviour: object, os: 'iOS 27' | 'iOS 26' | 'iOS 14.4', changes: object) {
  const device = await apple.createDevice({ appId: APP_ID, os });
  device.misbehave(misbehaviour);
  const keyId = await device.generateKey();
  const attestation = await device.attestKey(keyId, sha256(CHALLENGE));
  return attestationWith({ attestation, keyId, ...changes });
}

/** Evidence for another key, app, environment or date than the server expects, and evidence that a policy rejects. */
export const keysAndApps: readonly Mistake[] = [
  withKeyId('sends the key identifier in hex', keyIdBytes.toString('hex'), /its encoding is hex/),
  withKeyId('encodes the key identifier twice', Buffer.from(key.keyId).toString('base64'), /base64 of base64/),
  withKeyId('sends the key identifier with its quotes', JSON.stringify(key.keyId), /base64 in quotes/),
  withKeyId('percent-encodes the key identifier', `${encodeURIComponent(key.keyId)}`, /percent-encoding/),
  withKeyId('sends the key identifier of another key', other.keyId, /belongs to another key/, 'likely'),
  withKeyId('sends something else as the key identifier', 'device 7', /not what generateKey returned/, 'likely'),
  withKeyId(
    'sends a key identifier that was cut off after 40 characters',
    keyIdBytes.subarray(0, 30).toString('base64'),
    /was cut off/,
  ),
  expecting('has another team than the server expects', 'OTHERTEAM1.com.example.app', /another team signed the app/),
  expecting(
    'has a bundle identifier without the suffix that the server expects',
    `${APP_ID}.dev`,
    /another app or build of the same team/,
  ),
  expecting(
    'has a bundle identifier in another case than the server expects',
    'TEAMID1234.com.example.App',
    /upper case and lower case/,
  ),
  expecting('is not the app that the server expects', 'OTHERTEAM1.org.other', /another app of another team/),
  {
    title: 'is an App Clip, and the server expects the App ID of the App Clip',
    explain: asClip,
    code: 'app_id_mismatch',
    cause: /the App ID of an App Clip/,
  },
  asserting(
    'signs a request, and has no suffix for staging as the server expects',
    `${APP_ID}.staging`,
    /another app or build of the same team/,
  ),
  asserting(
    'signs a request, and has an App ID in another case than the server expects',
    'TEAMID1234.com.Example.app',
    /upper case and lower case/,
  ),
  asserting(
    'signs a request, and is not the app that the server expects',
    'OTHERTEAM1.org.other',
    /an app other than/,
    'likely',
  ),
  {
    title: 'is the app in a recording, not the app that the server expects',
    explain: () => explainAttestation({ ...recorded, appId: APP_ID }),
    code: 'app_id_mismatch',
    cause: /another app of another team/,
  },
  {
    title: 'is a development build',
    explain: () => withDevice({ developmentBuild: true }, 'iOS 27', {}),
    code: 'environment_mismatch',
    cause: /development build/,
  },
  {
    title: 'is a production build',
    explain: () => attestationWith({ environment: 'development' }),
    code: 'environment_mismatch',
    cause: /production build/,
  },
  {
    title: 'replays an expired recording',
    explain: () => explainAttestation({ ...recorded, date: undefined }),
    code: 'certificate_expired',
    cause: /The attestation is old/,
  },
  {
    title: 'has a certificate of iOS 14, which is valid for three days',
    explain: () => withDevice({}, 'iOS 14.4', { date: new Date(Date.now() + 5 * DAY) }),
    code: 'certificate_expired',
    cause: /certificate of a device with iOS 14 is valid for only three days/,
  },
  {
    title: 'attests a key, and the server checks a date before the certificates',
    explain: () => attestationWith({ date: new Date(Date.now() - 30 * DAY) }),
    code: 'certificate_expired',
    cause: /which is too early/,
  },
  {
    title: 'runs on a virtual device, and the server trusts only Apple',
    explain: () => attestationWith({ trustAnchors: undefined }),
    code: 'untrusted_certificate',
    cause: /from a virtual device/,
    certainty: 'likely',
  },
  {
    title: 'runs on a device of another virtual Apple',
    explain: async () => attestationWith({ trustAnchors: (await createVirtualApple()).trustAnchors }),
    code: 'untrusted_certificate',
    cause: /trustAnchors does not contain the root certificate/,
    certainty: 'likely',
  },
  {
    title: 'runs on a real device, and the server trusts a virtual Apple',
    explain: () => explainAttestation({ ...recorded, trustAnchors }),
    code: 'untrusted_certificate',
    cause: /trustAnchors replaces Apple’s root/,
  },
  {
    title: 'sends an assertion with a counter below the stored counter',
    explain: () => assertionFor(sha256(PAYLOAD), { counter: 5000 }),
    code: 'counter_not_increased',
    cause: /lower than the stored counter/,
    certainty: 'likely',
  },
  {
    title: 'sends the same assertion again',
    explain: async () => {
      const fresh = await deviceWithKey();
      const assertion = await fresh.device.generateAssertion(fresh.keyId, sha256(PAYLOAD));
      return explainAssertion({ assertion, counter: 1 });
    },
    code: 'counter_not_increased',
    cause: /the same assertion arrived before/,
  },
  {
    title: 'counts from zero',
    explain: () => {
      const authenticatorData = authenticatorDataHead(APP_ID, 0x40, 0);
      return explainAssertion({ assertion: cbor({ signature: new Uint8Array(70), authenticatorData }), counter: 0 });
    },
    code: 'counter_not_increased',
    cause: /a device counts from 1/,
    certainty: 'likely',
  },
  {
    title: 'signs with another key',
    explain: () => assertionFor(sha256(PAYLOAD), { publicKey: software.publicKey }),
    code: 'invalid_signature',
    cause: /another payload/,
    certainty: 'possible',
  },
  {
    title: 'uses the nonce as the ECDSA digest',
    explain: async () => signedOnce(),
    code: 'invalid_signature',
    cause: /the nonce as the ECDSA digest/,
  },
  {
    title: 'runs on iOS 26, and the policy requires extensions',
    explain: () => withDevice({}, 'iOS 26', { policy: { whenAbsent: 'reject' } }),
    code: 'extension_missing',
    cause: /runs version 26\.0/,
  },
  {
    title: 'adds extensions without the flag ED',
    explain: () =>
      withDevice({ forgedExtensions: { validationCategory: 4 } }, 'iOS 26', { policy: { whenAbsent: 'reject' } }),
    code: 'extension_missing',
    cause: /flags do not include ED/,
  },
  {
    title: 'has a validation category that the policy rejects',
    explain: () => attestationWith({ policy: { validationCategories: [2] } }),
    code: 'extension_rejected',
    cause: /validation category 4 \(AppStore\)/,
  },
  {
    title: 'has a bundle version that the policy rejects',
    explain: () => attestationWith({ policy: { bundleVersions: ['7'] } }),
    code: 'extension_rejected',
    cause: /bundle version "1"/,
  },
];
