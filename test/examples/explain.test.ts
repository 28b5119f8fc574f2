import { expect, it } from 'vitest';
import { explainForLog } from '../../examples/explain.js';
import { createVirtualApple } from '../../src/testing/index.js';
import { sha256 } from '../support/evidence.js';

it('the example names the failed check and the mistake', async () => {
  const apple = await createVirtualApple();
  const appId = 'TEAMID1234.com.example.app';
  const device = await apple.createDevice({ appId });
  const keyId = await device.generateKey();
  const challenge = 'dGhlIGNoYWxsZW5nZQ==';
  const attestation = await device.attestKey(keyId, sha256(Buffer.from(challenge, 'base64')));
  const options = { attestation, keyId, challenge, appId, trustAnchors: apple.trustAnchors };

  const [verdict, check, cause, ...more] = await explainForLog(options);
  expect(verdict).toBe('refused: nonce_mismatch');
  expect(check).toMatch(/^nonce failed: expected [0-9a-f]{16}…, got [0-9a-f]{16}…$/);
  expect(cause).toMatch(
    /^certain: The app decoded the challenge from base64, and hashed the result\. In the app, hash the text/,
  );
  expect(more).toEqual([]);
  expect(await explainForLog({ ...options, challenge: Buffer.from(challenge, 'base64') })).toEqual(['accepted']);
  const [cut, field] = await explainForLog({ ...options, attestation: attestation.subarray(0, 2000) });
  expect(cut).toBe('refused: malformed_attestation');
  expect(field).toMatch(/^attestation object failed: [^,]*CBOR/);
});
