import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import {
  type AppAttestErrorCode,
  type ExtensionPolicy,
  type VerifyAssertionOptions,
  type VerifyAttestationOptions,
  verifyAssertion,
  verifyAttestation,
} from '../../src/index.js';
import { createVirtualApple, type VirtualOs } from '../../src/testing/index.js';
import {
  appId,
  apple,
  type Build,
  build,
  clientData,
  different,
  environment,
  os,
} from '../support/arbitrary-evidence.js';
import { assertProperty } from '../support/assert-property.js';
import { sha256 } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';

const DAY = 24 * 60 * 60 * 1000;
const otherApple = await createVirtualApple();

/**
 * Pairs of different values, and other properties of a test case. The device uses the first value of a pair. The server may
 * expect the second value.
 */
const worlds = fc.record({
  appId: different(appId),
  environment: different(environment),
  challenge: different(clientData),
  payload: different(clientData),
  // The lists in POLICIES contain values of the second build. They must not contain the values of the first build.
  build: fc
    .tuple(build, build)
    .filter(([one, other]) => one.validationCategory !== other.validationCategory)
    .filter(([one, other]) => one.bundleVersion !== other.bundleVersion),
  os,
  days: fc.integer({ min: 330, max: 2000 }),
  behind: fc.nat({ max: 3 }),
});
type Worlds = typeof worlds extends fc.Arbitrary<infer Value> ? Value : never;

const signsExtensions = (system: VirtualOs): boolean => system.includes('27');
const signsBundleVersion = (system: VirtualOs): boolean => system.startsWith('iOS 27');

/**
 * Policies that reject the build of the device. The last function returns whether an operating system signs the extension
 * that the policy checks.
 */
const POLICIES: readonly (readonly [string, (other: Build) => ExtensionPolicy, (system: VirtualOs) => boolean])[] = [
  ['validationCategories', (other) => ({ validationCategories: [other.validationCategory] }), signsExtensions],
  ['bundleVersions', (other) => ({ bundleVersions: [other.bundleVersion] }), signsBundleVersion],
  ['a bundleVersions function', () => ({ bundleVersions: () => false }), signsBundleVersion],
  ['codeDirectoryHashes', () => ({ codeDirectoryHashes: ['ab'.repeat(32)] }), (system) => system === 'iOS 27 opt-in'],
];

async function attested(world: Worlds) {
  const [truth] = world.build;
  const device = await apple.createDevice({
    ...truth,
    appId: world.appId[0],
    environment: world.environment[0],
    os: world.os,
  });
  const keyId = await device.generateKey();
  const attestation = await device.attestKey(keyId, sha256(world.challenge[0]));
  return { device, keyId, attestation };
}

describe('an attestation that differs from what the server expects', () => {
  /** Error codes in the order of Apple's steps, and changes of the options that cause these errors. */
  const DIFFERENCES: readonly (readonly [AppAttestErrorCode, (world: Worlds) => Partial<VerifyAttestationOptions>])[] =
    [
      ['certificate_expired', ({ days }) => ({ date: new Date(Date.now() + days * DAY) })],
      ['certificate_expired', ({ days }) => ({ date: new Date(Date.now() - days * DAY) })],
      ['untrusted_certificate', () => ({ trustAnchors: otherApple.trustAnchors })],
      ['nonce_mismatch', ({ challenge }) => ({ challenge: challenge[1] })],
      ['key_id_mismatch', ({ payload }) => ({ keyId: Buffer.from(sha256(payload[0])).toString('base64') })],
      ['app_id_mismatch', (world) => ({ appId: world.appId[1] })],
      ['environment_mismatch', (world) => ({ environment: world.environment[1] })],
    ];
  const POSITIONS: readonly AppAttestErrorCode[] = [
    'untrusted_certificate',
    ...DIFFERENCES.map(([code]) => code).filter((code) => code !== 'untrusted_certificate'),
    'extension_rejected',
    'extension_missing',
  ];

  const optionsFor = (
    world: Worlds,
    evidence: { keyId: string; attestation: Uint8Array },
  ): VerifyAttestationOptions => ({
    ...evidence,
    challenge: world.challenge[0],
    appId: world.appId[0],
    environment: world.environment[0],
    trustAnchors: apple.trustAnchors,
  });

  it('is rejected with the code of the difference', async () => {
    await assertProperty(
      fc.asyncProperty(worlds, fc.constantFrom(...DIFFERENCES), async (world, [code, change]) => {
        const { keyId, attestation } = await attested(world);
        const options = { ...optionsFor(world, { keyId, attestation }), ...change(world) };
        await expectCode(() => verifyAttestation(options), code);
      }),
      { numRuns: 150 },
    );
  });

  it('is rejected with the code of the difference that is checked first, if there are two differences', async () => {
    const two = fc.shuffledSubarray([...DIFFERENCES], { minLength: 2, maxLength: 2 });
    await assertProperty(
      fc.asyncProperty(worlds, two, async (world, differences) => {
        const { keyId, attestation } = await attested(world);
        const changes = differences.map(([, change]) => change(world));
        const first = differences
          .map(([code]) => code)
          .toSorted((a, b) => POSITIONS.indexOf(a) - POSITIONS.indexOf(b))[0];
        if (first === undefined) throw new Error('the test case has no difference');
        const options = Object.assign(optionsFor(world, { keyId, attestation }), ...changes);
        await expectCode(() => verifyAttestation(options), first);
      }),
      { numRuns: 100 },
    );
  });

  it('is rejected if a policy requires another build, or if the operating system does not sign the required extension', async () => {
    await assertProperty(
      fc.asyncProperty(worlds, fc.constantFrom(...POLICIES), async (world, [, policyFor, signs]) => {
        const { keyId, attestation } = await attested(world);
        const policy = { ...policyFor(world.build[1]), whenAbsent: 'reject' } as const;
        const code = signs(world.os) ? 'extension_rejected' : 'extension_missing';
        await expectCode(() => verifyAttestation({ ...optionsFor(world, { keyId, attestation }), policy }), code);
      }),
      { numRuns: 100 },
    );
  });
});

describe('an assertion that differs from what the server expects', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const DIFFERENCES: readonly (readonly [AppAttestErrorCode, (world: Worlds) => Partial<VerifyAssertionOptions>])[] = [
    ['invalid_signature', ({ payload }) => ({ payload: payload[1] })],
    ['invalid_signature', () => ({ publicKey })],
    ['app_id_mismatch', (world) => ({ appId: world.appId[1] })],
    ['counter_not_increased', ({ behind }) => ({ counter: 1 + behind })],
  ];

  async function asserted(world: Worlds): Promise<VerifyAssertionOptions> {
    const { device, keyId, attestation } = await attested(world);
    const key = await verifyAttestation({
      attestation,
      keyId,
      challenge: world.challenge[0],
      appId: world.appId[0],
      environment: world.environment[0],
      trustAnchors: apple.trustAnchors,
    });
    return {
      assertion: await device.generateAssertion(keyId, sha256(world.payload[0])),
      publicKey: key.publicKey,
      payload: world.payload[0],
      appId: world.appId[0],
      counter: 0,
    };
  }

  it('is rejected with the code of the difference', async () => {
    await assertProperty(
      fc.asyncProperty(worlds, fc.constantFrom(...DIFFERENCES), async (world, [code, change]) => {
        const options = { ...(await asserted(world)), ...change(world) };
        await expectCode(() => verifyAssertion(options), code);
      }),
      { numRuns: 100 },
    );
  });

  it('is rejected if a policy requires another build, or if the operating system does not sign the required extension', async () => {
    await assertProperty(
      fc.asyncProperty(worlds, fc.constantFrom(...POLICIES), async (world, [, policyFor, signs]) => {
        const policy = { ...policyFor(world.build[1]), whenAbsent: 'reject' } as const;
        const code = signs(world.os) ? 'extension_rejected' : 'extension_missing';
        const options = { ...(await asserted(world)), policy };
        await expectCode(() => verifyAssertion(options), code);
      }),
      { numRuns: 60 },
    );
  });
});
