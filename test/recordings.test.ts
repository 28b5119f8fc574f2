import { describe, expect, it } from 'vitest';
import { inspectAssertion, inspectAttestation, verifyAssertion, verifyAttestation } from '../src/index.js';
import {
  attestationOptions,
  attestationRecordings,
  fromBase64,
  hasSharedRecordings,
  recordings,
} from './support/recordings.js';

/** The device data in the leaf certificates, as shown by `openssl asn1parse`. */
const DEVICES: Readonly<Record<string, object>> = {
  'apple-guide-2024': { platform: 'iphoneos', osVersion: '18.0', osBuild: '22A244b', deviceClass: 4294967295 },
  'apple-guide-2026': { platform: 'iphoneos', osVersion: '27.0', osBuild: '24A325b', deviceClass: 2 },
  'ios-14.0-2': { osVersion: '14.0' },
  'ios-14.0': { osVersion: '14.0' },
  'ios-14.1.1': { osVersion: '14.1.1' },
  'ios-14.2-2020': { osVersion: '14.2' },
  'ios-14.3-beta-2': { osVersion: '14.3' },
  'ios-14.3-beta-3': { osVersion: '14.3' },
  'ios-14.4-beta-1': { osVersion: '14.4' },
  'ios-14.4-beta-2': { osVersion: '14.4' },
  'ios-14.4': { osVersion: '14.4' },
  'ios-15.5': { osVersion: '15.5' },
  'ios-16.2': { osVersion: '16.2' },
  'ios-16.7.7': { osVersion: '16.7.7', osBuild: '20H330', deviceClass: 4294967295 },
  'ios-17.1.1': { osVersion: '17.1.1', osBuild: '21B91' },
  'ios-17.5.1-production': { osVersion: '17.5.1', osBuild: '21F90', deviceClass: 4294967295 },
  'ios-17.5.1': { osVersion: '17.5.1', osBuild: '21F90', deviceClass: 4294967295 },
  'ios-18.2-beta': { platform: 'iphoneos', osVersion: '18.2', osBuild: '22C5131e', deviceClass: 4294967294 },
  'ios-18.3.1': { platform: 'iphoneos', osVersion: '18.3.1', osBuild: '22D72', deviceClass: 4294967294 },
  'node-app-attest-development': { osVersion: '17.2.1', osBuild: '21C66', deviceClass: 4294967295 },
  'node-app-attest-production': { osVersion: '17.2.1', osBuild: '21C66', deviceClass: 4294967295 },
  'rn-client-2024': { osVersion: '17.2.1', osBuild: '21C66', deviceClass: 4294967295 },
  'turtlecrypt-2024': { osVersion: '17.6.1', osBuild: '21G93', deviceClass: 4294967294 },
};

const assertionRecordings = recordings.flatMap(({ assertions, ...recording }) => {
  return assertions.map((assertion) => ({ ...recording, assertion }));
});

/** Returns the key from the attestation of the recording. If the recording has no attestation, returns the recorded key. */
async function publicKeyOf(name: string, recorded: string | undefined): Promise<string> {
  const recording = attestationRecordings.find((candidate) => candidate.name === name);
  if (recording) return (await verifyAttestation(attestationOptions(recording))).publicKey;
  if (recorded !== undefined) return recorded;
  throw new Error(`the recording ${name} has neither an attestation nor a public key`);
}

const where = hasSharedRecordings ? 'fixtures/ and ../shared/recordings' : 'fixtures/ alone';

describe(`of ${attestationRecordings.length} attestations recorded in ${where},`, () => {
  for (const recording of attestationRecordings) {
    it(`verifyAttestation accepts ${recording.name}`, async () => {
      const verified = await verifyAttestation(attestationOptions(recording));

      expect(verified.appId).toBe(recording.appId);
      expect(verified.environment).toBe(recording.environment);
      expect(verified.keyId).toBe(recording.keyId);
      expect(verified.counter).toBe(0);
      expect(verified).not.toHaveProperty('extensions');
      expect(verified.device).toEqual(DEVICES[recording.name]);
      expect(verified.receipt.length).toBeGreaterThan(3000);
      expect(verified.certificate.notBefore < verified.certificate.notAfter).toBe(true);
      if (recording.publicKey !== undefined) expect(verified.publicKey).toBe(recording.publicKey);
    });
  }

  for (const recording of attestationRecordings) {
    it(`inspectAttestation reports no problem in ${recording.name}`, () => {
      const inspected = inspectAttestation(recording.attestation.object);

      expect(inspected.problems).toEqual([]);
      expect(inspected.format).toBe('apple-appattest');
      expect(inspected.entries).toEqual(['fmt', 'attStmt', 'authData']);
      expect(inspected.authenticatorData).toMatchObject({
        keyId: recording.keyId,
        environment: recording.environment,
        counter: 0,
      });
      expect(inspected.authenticatorData).not.toHaveProperty('extensions');
      expect(inspected.authenticatorData?.unauthenticatedExtensions).toEqual(recording.unauthenticatedExtensions);
      expect(inspected.certificates[0]).toMatchObject({ appId: recording.appId, device: DEVICES[recording.name] });
      expect(inspected.certificates[1]?.subject).toContain('CN=Apple App Attestation CA 1');
    });
  }
});

describe(`of ${assertionRecordings.length} assertions recorded in ${where},`, () => {
  for (const { name, appId, publicKey, assertion } of assertionRecordings) {
    it(`verifyAssertion accepts the assertion of ${name}`, async () => {
      const verified = await verifyAssertion({
        assertion: fromBase64(assertion.object),
        publicKey: await publicKeyOf(name, publicKey),
        payload: fromBase64(assertion.clientData),
        appId,
        counter: 0,
      });

      expect(verified).toEqual({ counter: assertion.counter, appId });
    });
  }

  for (const { name, assertion } of assertionRecordings) {
    it(`inspectAssertion reports no problem in the assertion of ${name}`, () => {
      const inspected = inspectAssertion(assertion.object);

      expect(inspected.problems).toEqual([]);
      expect(inspected.entries).toEqual(['signature', 'authenticatorData']);
      expect(inspected.authenticatorData).toMatchObject({ counter: assertion.counter, flags: 0x40 });
    });
  }
});

describe('with the recordings outside the project,', () => {
  it.skipIf(!hasSharedRecordings)('there are at least 23 attestations and 10 assertions', () => {
    expect(attestationRecordings.length).toBeGreaterThanOrEqual(23);
    expect(assertionRecordings.length).toBeGreaterThanOrEqual(10);
  });
});
