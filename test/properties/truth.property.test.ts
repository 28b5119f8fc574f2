import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuthenticatorExtensions, verifyAssertion, verifyAttestation } from '../../src/index.js';
import type { VirtualOs } from '../../src/testing/index.js';
import { appId, apple, type Build, build, clientData, environment, os } from '../support/arbitrary-evidence.js';
import { assertProperty } from '../support/assert-property.js';
import { sha256 } from '../support/evidence.js';

const { trustAnchors } = apple;

/** The properties of a build that an operating system signs as extensions. */
function signedBy(system: VirtualOs, { validationCategory, bundleVersion, codeDirectoryHash }: Build) {
  const signed: Readonly<Partial<Record<VirtualOs, AuthenticatorExtensions>>> = {
    'iOS 27': { validationCategory, bundleVersion },
    'iOS 27 opt-in': { validationCategory, bundleVersion, codeDirectoryHash },
    'macOS 27': { validationCategory },
  };
  return signed[system];
}

describe('all evidence that a virtual device creates', () => {
  it('is accepted, and the result has the values of the device', async () => {
    const requests = fc.array(fc.record({ payload: clientData, skipped: fc.nat({ max: 3 }) }), { maxLength: 3 });
    await assertProperty(
      fc.asyncProperty(fc.record({ appId, environment, os, build, challenge: clientData, requests }), async (world) => {
        const { appId, environment, os, build } = world;
        const device = await apple.createDevice({ appId, environment, os, ...build });
        const keyId = await device.generateKey();
        const key = await verifyAttestation({
          attestation: await device.attestKey(keyId, sha256(world.challenge)),
          keyId,
          challenge: world.challenge,
          appId: world.appId,
          environment: world.environment,
          trustAnchors,
        });
        const extensions = signedBy(world.os, world.build);
        expect(key).toMatchObject({ keyId, appId: world.appId, environment: world.environment, counter: 0 });
        expect(key.extensions).toEqual(extensions);

        let { counter }: { counter: number } = key;
        for (const { payload, skipped } of world.requests) {
          for (let lost = 0; lost < skipped; lost += 1) await device.generateAssertion(keyId, sha256('lost'));
          const verified = await verifyAssertion({
            assertion: await device.generateAssertion(keyId, sha256(payload)),
            publicKey: key.publicKey,
            payload,
            appId: world.appId,
            counter,
          });
          expect(verified.counter).toBe(counter + skipped + 1);
          expect(verified.extensions).toEqual(extensions);
          ({ counter } = verified);
        }
      }),
      { numRuns: 150 },
    );
  });
});
