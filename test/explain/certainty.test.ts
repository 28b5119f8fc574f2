import { describe, expect, it } from 'vitest';
import { type Explanation, explainAssertion, explainAttestation, explainReceipt } from '../../src/index.js';
import { createVirtualApple } from '../../src/testing/index.js';
import { createAuthority, NOW } from '../support/certificate-authority.js';
import { attest, operatingSystem } from '../support/evidence.js';
import { createReceiptChain, makeReceipt } from '../support/receipts.js';
import { APP_ID, attestationWith, CHALLENGE, deviceWithKey, key, PAYLOAD, sha256 } from './mistakes/genuine.js';

const YEAR = 365 * 24 * 60 * 60 * 1000;

/** The causes as `certainty: summary`. */
const causesOf = ({ causes }: Explanation) => causes.map(({ certainty, summary }) => `${certainty}: ${summary}`);

function replaced(bytes: Uint8Array, part: Uint8Array, replacement: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy.set(replacement, Buffer.from(bytes).indexOf(part));
  return copy;
}

describe('no cause in an explanation is certain', () => {
  it('if another key signed an assertion with the stored counter', async () => {
    const other = await deviceWithKey();
    const assertion = await other.device.generateAssertion(other.keyId, sha256(PAYLOAD));
    const options = { assertion, publicKey: key.publicKey, payload: PAYLOAD, appId: APP_ID, counter: 1 };
    expect(causesOf(await explainAssertion(options))).toEqual([
      expect.stringMatching(/^possible: The app signed another payload/),
      expect.stringMatching(/^possible: Another key signed/),
      expect.stringMatching(/^possible: The counter 1 is already stored/),
    ]);
  });

  it.each([
    ['environment', Buffer.from('appattest\0\0\0\0\0\0\0'), Buffer.from('appattestdevelop'), /^likely: .* development/],
    ['App ID', sha256(APP_ID), sha256(`${APP_ID}.dev`), /^likely: The evidence belongs to another app/],
  ])('if the %s in an attestation was changed', async (_, part, replacement, cause) => {
    const attestation = replaced(key.attestation, part, replacement);
    expect(causesOf(await attestationWith({ attestation }))).toEqual([
      expect.stringMatching(/^likely: The app attested the key for another challenge, or the attestation was changed/),
      expect.stringMatching(cause),
    ]);
  });

  it('if the certificates come from an untrusted issuer', async () => {
    const future = await createVirtualApple({ now: new Date(Date.now() + YEAR) });
    const device = await future.createDevice({ appId: APP_ID });
    const keyId = await device.generateKey();
    const attestation = await device.attestKey(keyId, sha256(sha256(CHALLENGE)));
    const explanation = await explainAttestation({ attestation, keyId, challenge: CHALLENGE, appId: APP_ID });
    expect(causesOf(explanation)).toEqual([
      expect.stringMatching(/^likely: The evidence comes from a virtual device/),
      expect.stringMatching(/^likely: The certificates are valid only from/),
      expect.stringMatching(/^likely: The app hashed the challenge twice/),
    ]);
  });

  it('if a receipt was changed', async () => {
    const chain = await createReceiptChain();
    const receipt = await makeReceipt(chain, {
      tamper: (payload) => replaced(payload, Buffer.from('2026-10-01'), Buffer.from('2020-01-01')),
    });
    const trustAnchors = [chain.root.der];
    const explanation = await explainReceipt({ receipt, appId: `${APP_ID}.dev`, date: NOW, trustAnchors });
    expect(causesOf(explanation)).toEqual([
      expect.stringMatching(/^likely: A certificate of the signer or of its issuers was not valid/),
      expect.stringMatching(/^likely: The receipt was changed/),
      expect.stringMatching(/^likely: The evidence belongs to another app or build/),
    ]);
  });

  it('if a Mac has no access control list', async () => {
    const mac = await attest(await createAuthority(), { operatingSystem: operatingSystem('macosx') });
    const { attestation, keyId, challenge, appId, date, trustAnchors } = mac;
    const explanation = await explainAttestation({ attestation, keyId, challenge, appId, date, trustAnchors });
    expect(causesOf(explanation)).toEqual([
      expect.stringMatching(/^likely: The access control list of the key is missing/),
    ]);
  });
});

it('causes are certain if a changed form of the challenge matches the nonce in the attestation', async () => {
  const explanation = await attestationWith({ challenge: `${CHALLENGE}\n`, environment: 'development' });
  expect(causesOf(explanation)).toEqual([
    expect.stringMatching(/^certain: The app removed the white space around the challenge/),
    expect.stringMatching(/^certain: The app is a production build/),
  ]);
});
