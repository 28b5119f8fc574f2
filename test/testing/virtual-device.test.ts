import { describe, expect, it } from 'vitest';
import {
  type ExtensionPolicy,
  inspectAssertion,
  inspectAttestation,
  ValidationCategory,
  verifyAssertion,
  verifyAttestation,
  verifyReceipt,
} from '../../src/index.js';
import { createAppAttest } from '../../src/server/index.js';
import { createVirtualApple, DCError, type VirtualDevice, type VirtualDeviceOptions } from '../../src/testing/index.js';
import { sha256 } from '../support/evidence.js';
import { receiptFields, receiptPayload } from '../support/evidence-structure.js';
import { expectCode } from '../support/rejection.js';

const APP_ID = 'TEAMID1234.com.example.app';
const CHALLENGE = 'a one-time challenge';
const PAYLOAD = '{"amount":12}';

const apple = await createVirtualApple();
const createDevice = (options: Partial<VirtualDeviceOptions> = {}) => apple.createDevice({ appId: APP_ID, ...options });

interface ServerSide {
  environment?: 'production' | 'development';
  policy?: ExtensionPolicy;
}

async function register(device: VirtualDevice, server: ServerSide = {}) {
  const keyId = await device.generateKey();
  const attestation = await device.attestKey(keyId, sha256(CHALLENGE));
  return verifyAttestation({
    attestation,
    keyId,
    challenge: CHALLENGE,
    appId: APP_ID,
    trustAnchors: apple.trustAnchors,
    ...server,
  });
}

async function request(device: VirtualDevice, key: { keyId: string; publicKey: string; counter: number }) {
  const assertion = await device.generateAssertion(key.keyId, sha256(PAYLOAD));
  return verifyAssertion({
    assertion,
    publicKey: key.publicKey,
    payload: PAYLOAD,
    appId: APP_ID,
    counter: key.counter,
  });
}

describe('a virtual device', () => {
  const codeDirectoryHash = new Uint8Array(sha256('code'));
  const signed = { validationCategory: ValidationCategory.TestFlight, bundleVersion: '42' };

  it.each([
    ['iOS 14.4', { osVersion: '14.4' }, undefined],
    ['iOS 17.2', { osVersion: '17.2.1', osBuild: '21C66', deviceClass: 4294967295 }, undefined],
    ['iOS 17.6', { osVersion: '17.6.1', osBuild: '21G93', deviceClass: 4294967295 }, undefined],
    ['iOS 18', { platform: 'iphoneos', osVersion: '18.0', osBuild: '22A244b', deviceClass: 4294967295 }, undefined],
    [
      'iOS 18.5 opt-in',
      { platform: 'iphoneos', osVersion: '18.5', osBuild: '22F76', deviceClass: 4294967295 },
      undefined,
    ],
    ['iOS 26', { platform: 'iphoneos', osVersion: '26.0', osBuild: '23A341', deviceClass: 2 }, undefined],
    ['iOS 26 opt-in', { platform: 'iphoneos', osVersion: '26.0', osBuild: '23A341', deviceClass: 2 }, undefined],
    ['iOS 27', { platform: 'iphoneos', osVersion: '27.0', osBuild: '24A325b', deviceClass: 2 }, signed],
    [
      'iOS 27 opt-in',
      { platform: 'iphoneos', osVersion: '27.0', osBuild: '24A325b', deviceClass: 2 },
      { ...signed, codeDirectoryHash },
    ],
    [
      'macOS 27',
      { platform: 'macosx', osVersion: '27.0', osBuild: '26A325b' },
      { validationCategory: ValidationCategory.TestFlight },
    ],
  ] as const)('on %s is accepted, and its reported properties are correct', async (os, certified, extensions) => {
    const device = await createDevice({
      os,
      validationCategory: ValidationCategory.TestFlight,
      bundleVersion: '42',
      codeDirectoryHash,
    });
    const key = await register(device);
    expect(key).toMatchObject({ appId: APP_ID, environment: 'production', counter: 0, device: certified });
    expect(key.extensions).toEqual(extensions);

    const first = await request(device, key);
    expect(first).toEqual({ counter: 1, appId: APP_ID, ...(extensions && { extensions }) });
    expect(await request(device, { ...key, counter: first.counter })).toMatchObject({ counter: 2 });
  });

  it('accepts an App ID as an object with teamId and bundleId, and can attest in the development environment', async () => {
    const device = await createDevice({
      appId: { teamId: 'TEAMID1234', bundleId: 'com.example.app' },
      environment: 'development',
    });
    expect(await register(device, { environment: 'development' })).toMatchObject({ environment: 'development' });
  });

  it('has iOS 27 and version 1 of an app from the App Store by default', async () => {
    const { extensions } = await register(await createDevice());
    expect(extensions).toEqual({ validationCategory: ValidationCategory.AppStore, bundleVersion: '1' });
  });

  it('keeps a separate counter for each key', async () => {
    const device = await createDevice();
    const [one, other] = [await register(device), await register(device)];
    expect(one.keyId).not.toBe(other.keyId);
    expect(await request(device, one)).toMatchObject({ counter: 1 });
    expect(await request(device, other)).toMatchObject({ counter: 1 });
  });

  it('has certificates and receipts whose dates come from the clock of its virtual Apple', async () => {
    const moment = new Date('2027-03-04T05:06:07.890Z');
    const standing = await createVirtualApple({ now: moment });
    const device = await standing.createDevice({ appId: APP_ID });
    const keyId = await device.generateKey();
    const { certificate, receipt } = await verifyAttestation({
      attestation: await device.attestKey(keyId, sha256(CHALLENGE)),
      keyId,
      challenge: CHALLENGE,
      appId: APP_ID,
      trustAnchors: standing.trustAnchors,
      date: moment,
    });
    expect(certificate.notBefore).toEqual(new Date('2027-03-03T05:06:07Z'));
    expect(certificate.notAfter).toEqual(new Date('2027-03-06T05:06:07Z'));
    const creationTime = receiptFields(receiptPayload(receipt)).find(({ type }) => type === 12)?.value;
    expect(Buffer.from(creationTime ?? []).toString()).toBe(moment.toISOString());
  });

  it('is rejected with the trust anchors of another virtual Apple', async () => {
    const device = await (await createVirtualApple()).createDevice({ appId: APP_ID });
    const error = await expectCode(() => register(device), 'untrusted_certificate');
    expect(error.message).toContain('pass the trustAnchors of the virtual Apple that created the device');
  });

  it.each(['constructor', 'toString', '__proto__'])('cannot have the operating system %s', async (os) => {
    await expect(createDevice({ os: os as never })).rejects.toThrow(`not "${os}"`);
  });

  it.each(['', 'clip', 'TEAMID1234.', 5])('cannot have %o as the App ID of an App Clip', async (appClipId) => {
    await expectCode(() => createDevice({ appClipId: appClipId as never }), 'invalid_argument');
  });

  it('cannot have an operating system that is not a VirtualOs', async () => {
    // @ts-expect-error 'iOS 12' is not a VirtualOs.
    const error = await expectCode(() => createDevice({ os: 'iOS 12' }), 'invalid_argument');
    expect(error.message).toMatch(/^os must be one of iOS 14\.4, .*, not "iOS 12"$/);
  });

  it('cannot have an environment that is not an Environment', async () => {
    // @ts-expect-error 'staging' is not an Environment.
    const error = await expectCode(() => createDevice({ environment: 'staging' }), 'invalid_argument');
    expect(error.message).toBe("environment must be 'production' or 'development', not \"staging\"");
  });

  it.each([undefined, null, 'text', {}])('rejects %o as a client data hash', async (clientDataHash) => {
    const device = await createDevice();
    const keyId = await device.generateKey();
    for (const call of ['attestKey', 'generateAssertion'] as const) {
      const error = await expectCode(() => device[call](keyId, clientDataHash as never), 'invalid_argument');
      expect(error.message).toMatch(/^clientDataHash must be a Uint8Array, not /);
    }
  });
});

describe('a virtual device that misbehaves', () => {
  it.each([
    ['with an expired certificate', { expiredCertificate: true }, 'certificate_expired'],
    ['with an attestation for another challenge', { wrongNonce: true }, 'nonce_mismatch'],
    ['with a development build', { developmentBuild: true }, 'environment_mismatch'],
  ] as const)('%s is rejected at its registration', async (_, misbehaviour, code) => {
    const device = await createDevice();
    device.misbehave(misbehaviour);
    await expectCode(() => register(device), code);

    device.misbehave({});
    expect(await register(device)).toMatchObject({ environment: 'production' });
  });

  it('with an app of an older SDK sends no extensions', async () => {
    const policy = { validationCategories: [ValidationCategory.AppStore], whenAbsent: 'reject' } as const;
    const device = await createDevice();
    expect(await register(device, { policy })).toHaveProperty('extensions');
    device.misbehave({ olderSdk: true });
    await expectCode(() => register(device, { policy }), 'extension_missing');
  });

  const forgedExtensions = { validationCategory: ValidationCategory.AppStore, bundleVersion: '999' };
  const strict: ExtensionPolicy = { validationCategories: [ValidationCategory.AppStore], whenAbsent: 'reject' };

  it.each(['iOS 14.4', 'iOS 26', 'iOS 26 opt-in'] as const)(
    'with forged extensions on %s is accepted, and the forged values are not reported',
    async (os) => {
      const device = await createDevice({ os });
      device.misbehave({ forgedExtensions });
      const key = await register(device);
      expect(key).not.toHaveProperty('extensions');
      expect(await request(device, key)).toEqual({ counter: 1, appId: APP_ID });
      await expectCode(() => register(device, { policy: strict }), 'extension_missing');

      const keyId = await device.generateKey();
      const { authenticatorData } = inspectAttestation(await device.attestKey(keyId, sha256(CHALLENGE)));
      expect(authenticatorData).toMatchObject({ flags: 0x40, unauthenticatedExtensions: forgedExtensions });
    },
  );

  it('with forged extensions is rejected by a server with the option clientData raw', async () => {
    const backend = createAppAttest({ appId: APP_ID, trustAnchors: apple.trustAnchors, clientData: 'raw' });
    const device = await createDevice({ os: 'iOS 26' });
    const challenge = async (purpose: 'attestation' | 'assertion') => {
      return Buffer.from((await backend.issueChallenge({ purpose })).challenge, 'base64url');
    };
    const attested = async (keyId: string) => {
      const bytes = await challenge('attestation');
      return { keyId, challenge: bytes, token: await device.attestKey(keyId, bytes) };
    };
    const asserted = async (keyId: string) => {
      const payload = await challenge('assertion');
      return { keyId, payload, token: await device.generateAssertion(keyId, payload) };
    };
    const { keyId } = await backend.register(await attested(await device.generateKey()));
    await backend.authenticate(await asserted(keyId));

    // The 32 bytes of a challenge have the length of a hash.
    device.misbehave({ forgedExtensions });
    const { token, ...request } = await asserted(keyId);
    for (const spelling of [token, Buffer.from(token).toString('base64')]) {
      const body = { ...request, token: spelling };
      await expectCode(() => backend.authenticate(body), 'malformed_assertion');
      request.payload = await challenge('assertion');
    }
    const forged = await attested(await device.generateKey());
    await expectCode(() => backend.register(forged), 'malformed_attestation');
  });

  it('with forged extensions after genuine extensions sends malformed evidence', async () => {
    const device = await createDevice();
    const key = await register(device);
    device.misbehave({ forgedExtensions });
    await expectCode(() => register(device), 'malformed_attestation');
    await expectCode(() => request(device, key), 'malformed_assertion');
  });

  it('with forged extensions sends a receipt that was not issued for the challenge', async () => {
    const device = await createDevice({ os: 'iOS 26' });
    device.misbehave({ forgedExtensions });
    const { receipt, publicKey } = await register(device);
    const options = { receipt, publicKey, appId: APP_ID, trustAnchors: apple.receiptTrustAnchors };
    await expectCode(() => verifyReceipt({ ...options, challenge: CHALLENGE }), 'receipt_challenge_mismatch');
    device.misbehave({});
    const honest = await register(device);
    const genuine = { ...options, receipt: honest.receipt, publicKey: honest.publicKey, challenge: CHALLENGE };
    expect(await verifyReceipt(genuine)).toMatchObject({ type: 'ATTEST' });
  });

  it('with a counter that does not increase is rejected at its second request', async () => {
    const device = await createDevice();
    const key = await register(device);
    const { counter } = await request(device, key);
    device.misbehave({ standingCounter: true });
    await expectCode(() => request(device, { ...key, counter }), 'counter_not_increased');
  });

  it.each(['iOS 18.5 opt-in', 'iOS 26 opt-in'] as const)(
    'with a changed unsigned code directory hash on %s is accepted, and the hash is not reported',
    async (os) => {
      const device = await createDevice({ os });
      const rewritten = new Uint8Array(32).fill(0xee);
      device.misbehave({ rewrittenCodeDirectoryHash: rewritten });

      const keyId = await device.generateKey();
      const attestation = await device.attestKey(keyId, sha256(CHALLENGE));
      expect(Buffer.from(attestation).includes(Buffer.from(rewritten))).toBe(true);
      const verified = await verifyAttestation({
        attestation,
        keyId,
        challenge: CHALLENGE,
        appId: APP_ID,
        trustAnchors: apple.trustAnchors,
      });
      expect(verified).not.toHaveProperty('extensions');
    },
  );
});

it('a virtual device that runs an App Clip has the App ID of the App Clip in its certificate', async () => {
  const device = await createDevice({ appClipId: `${APP_ID}.Clip` });
  const key = await register(device);
  expect(key).toMatchObject({ appId: APP_ID, appClipId: `${APP_ID}.Clip` });
  expect((await request(device, key)).appId).toBe(APP_ID);
});

it.each([
  ['iOS 14.4', 0x40],
  ['iOS 26 opt-in', 0x40],
  ['iOS 27', 0xc0],
  ['macOS 27', 0xc0],
] as const)('a virtual device with %s sends the flags of real devices: %i', async (os, flags) => {
  const device = await createDevice({ os });
  const keyId = await device.generateKey();
  const attestation = inspectAttestation(await device.attestKey(keyId, sha256(CHALLENGE)));
  const assertion = inspectAssertion(await device.generateAssertion(keyId, sha256(PAYLOAD)));
  expect(attestation.authenticatorData?.flags).toBe(flags);
  expect(assertion.authenticatorData?.flags).toBe(flags);
});

describe('an unknown option', () => {
  it('is rejected by a virtual Apple, its devices and its endpoint', async () => {
    const device = await createDevice();
    for (const attempt of [
      () => createVirtualApple({ date: new Date() } as object),
      () => createDevice({ bundleversion: '2' } as object),
      () => apple.createDevice(undefined as never),
      () => apple.createDevice({ appId: undefined as never }),
      () => device.misbehave({ wrongnonce: true } as object),
      () => apple.receiptEndpoint({ key: [] } as object),
      () => apple.receiptEndpoint({ keys: undefined } as never),
      () => apple.receiptEndpoint().answerNext({ code: 429 } as object),
    ]) {
      await expectCode(attempt, 'invalid_argument');
    }
  });
});

describe('a key of a virtual device', () => {
  it.each([
    ['unknown', async () => Buffer.from(sha256('no key')).toString('base64')],
    [
      'lost',
      async (device: VirtualDevice) => {
        const { keyId } = await register(device);
        device.loseKey(keyId);
        return keyId;
      },
    ],
  ])('that is %s can neither be attested nor sign', async (_, keyIdOf) => {
    const device = await createDevice();
    const keyId = await keyIdOf(device);
    const invalidKey = { name: 'DCError', code: 'invalidKey' };
    await expect(device.attestKey(keyId, sha256(CHALLENGE))).rejects.toMatchObject(invalidKey);
    await expect(device.generateAssertion(keyId, sha256(PAYLOAD))).rejects.toBeInstanceOf(DCError);
  });

  it('can sign only after it was attested', async () => {
    const device = await createDevice();
    const keyId = await device.generateKey();
    await expect(device.generateAssertion(keyId, sha256(PAYLOAD))).rejects.toMatchObject({ code: 'invalidKey' });
    await device.attestKey(keyId, sha256(CHALLENGE));
    await expect(device.generateAssertion(keyId, sha256(PAYLOAD))).resolves.toBeInstanceOf(Uint8Array);
  });

  it('can be attested again for another challenge, and the counter of its assertions continues', async () => {
    const device = await createDevice();
    const key = await register(device);
    expect(await request(device, key)).toMatchObject({ counter: 1 });

    const { keyId } = key;
    const attestation = await device.attestKey(keyId, sha256('another challenge'));
    const options = { attestation, keyId, appId: APP_ID, trustAnchors: apple.trustAnchors };
    const { receipt, certificate, ...again } = await verifyAttestation({ ...options, challenge: 'another challenge' });
    expect(key).toMatchObject(again);
    expect(receipt).not.toEqual(key.receipt);
    await expectCode(() => verifyAttestation({ ...options, challenge: CHALLENGE }), 'nonce_mismatch');
    expect(await request(device, { ...key, counter: 1 })).toMatchObject({ counter: 2 });
  });
});
