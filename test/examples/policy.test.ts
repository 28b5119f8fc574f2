import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { policy } from '../../examples/policy.js';
import { verifyAssertion } from '../../src/index.js';
import { APP_ID, assert, signedExtensions } from '../support/evidence.js';
import { expectCode } from '../support/rejection.js';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

function verify(entries: Record<string, unknown>) {
  const assertion = assert(privateKey, { extensions: signedExtensions(entries) });
  return verifyAssertion({ assertion, publicKey, payload: 'payload', appId: APP_ID, counter: 0, policy });
}

it('the example policy accepts version 120 and a missing version, and rejects other versions and categories', async () => {
  expect((await verify({ apple_bundle_version_01: '120' })).counter).toBe(1);
  expect((await verify({ apple_bundle_version_01: undefined })).counter).toBe(1);
  await expectCode(() => verify({ apple_bundle_version_01: '119' }), 'extension_rejected');
  await expectCode(() => verify({ apple_bundle_version_01: 'beta' }), 'extension_rejected');
  await expectCode(
    () => verify({ apple_bundle_version_01: '120', apple_validation_category_01: 3 }),
    'extension_rejected',
  );
});
