import { describe, it } from 'vitest';
import { verifyAttestation } from '../../src/index.js';
import { pemOf } from '../support/certificate-authority.js';
import { APP_ID } from '../support/evidence.js';
import { attestationFixture, attestationOptions } from '../support/recordings.js';
import { expectCode } from '../support/rejection.js';
import { authority } from '../support/verified-attestations.js';

describe('verifyAttestation', () => {
  const recording = attestationOptions(attestationFixture('node-app-attest-production'));
  const calls: readonly [string, object][] = [
    ['a missing attestation', { attestation: undefined }],
    ['a number as the attestation', { attestation: 1 }],
    ['an array as the attestation', { attestation: [1, 2] }],
    ['a missing key identifier', { keyId: undefined }],
    ['bytes as the key identifier', { keyId: new Uint8Array(32) }],
    ['options with neither challenge nor clientDataHash', { challenge: undefined }],
    ['options with both challenge and clientDataHash', { clientDataHash: new Uint8Array(32) }],
    ['an empty challenge', { challenge: '' }],
    ['empty challenge bytes', { challenge: new Uint8Array() }],
    ['a number as the challenge', { challenge: 1 }],
    ['text as the clientDataHash', { challenge: undefined, clientDataHash: 'hash' }],
    ['a challenge with an unpaired surrogate', { challenge: '\udc00' }],
    ['a clientDataHash of more than 64 KiB', { challenge: undefined, clientDataHash: new Uint8Array(65_537) }],
    ['an empty clientDataHash', { challenge: undefined, clientDataHash: new Uint8Array() }],
    ['a missing appId', { appId: undefined }],
    ['an empty list of apps', { appId: [] }],
    ['an app without a team ID', { appId: 'app' }],
    ['an app with an empty team ID', { appId: '.com.example.app' }],
    ['an app with an empty bundle identifier', { appId: { teamId: 'TEAMID1234', bundleId: '' } }],
    ['an app with a dot in its team ID', { appId: { teamId: 'TEAM.ID', bundleId: 'com.example.app' } }],
    ['an app with a space in its bundle identifier', { appId: 'TEAMID1234.com.example app' }],
    ['an app with a space after its team ID', { appId: { teamId: 'TEAMID1234 ', bundleId: 'com.example.app' } }],
    ['an app with a space before its team ID', { appId: { teamId: ' TEAMID1234', bundleId: 'com.example.app' } }],
    ['an app with a number as its team ID', { appId: { teamId: 1234567890, bundleId: 'com.example.app' } }],
    ['an app with only a team ID', { appId: { teamId: 'TEAMID1234' } }],
    ['an app with only a bundle identifier', { appId: { bundleId: 'com.example.app' } }],
    ['null as the app', { appId: null }],
    ['an empty slot in the list of apps', { appId: new Array(1) }],
    ['a number in the list of apps', { appId: [APP_ID, 1] }],
    ['an unknown environment', { environment: 'sandbox' }],
    ['an unknown environment next to a known one', { environment: ['production', 'sandbox'] }],
    ['an empty list of environments', { environment: [] }],
    ['an empty list of roots', { trustAnchors: [] }],
    ['an empty slot in the list of roots', { trustAnchors: new Array(1) }],
    ['a root that is not in an array', { trustAnchors: authority.root.der }],
    ['a root that is not a certificate', { trustAnchors: ['root'] }],
    ['a root in malformed PEM', { trustAnchors: ['-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----'] }],
    ['a root in PEM with text before it', { trustAnchors: [`x${pemOf(authority.root.der)}`] }],
    ['a root in PEM with text after it', { trustAnchors: [`${pemOf(authority.root.der)}x`] }],
    ['two PEM roots in one string', { trustAnchors: [pemOf(authority.root.der).repeat(2)] }],
    ['a root in DER that is not a certificate', { trustAnchors: [Uint8Array.of(0x30, 0)] }],
    ['a number as the root', { trustAnchors: [1] }],
    ['text as the list of roots', { trustAnchors: 'root' }],
    ['an invalid date', { date: new Date(Number.NaN) }],
    ['text as the date', { date: '2026-01-01' }],
    ['a policy that is not an object', { policy: 'strict' }],
    ['a policy with a misspelt option', { policy: { validationCategory: [4] } }],
    ['a policy with an unknown value of whenAbsent', { policy: { whenAbsent: 'refuse' } }],
  ];
  it.each(calls)('rejects %s', async (_, changed) => {
    await expectCode(() => verifyAttestation({ ...recording, ...changed } as never), 'invalid_argument');
  });

  it.each([undefined, null, 'options'])('rejects %o instead of an object with options', async (options) => {
    await expectCode(() => verifyAttestation(options as never), 'invalid_argument');
  });
});
