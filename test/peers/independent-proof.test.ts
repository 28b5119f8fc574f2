import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { decode } from 'cbor-x';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectAttestation, verifyAttestation } from '../../src/index.js';
import { createVirtualApple } from '../../src/testing/index.js';
import { SYSTEMS } from '../support/arbitrary-evidence.js';
import { readsAsAsn1, sha256 } from '../support/evidence.js';
import { deviceCheckToken, endpointUrl } from '../support/receipt-requests.js';
import { checker } from './appattest-checker-node.js';

const run = promisify(execFile);
const APP_ID = 'TEAMID1234.com.example.app';
const CHALLENGE = 'a one-time challenge';
const PAYLOAD = 'a request';

const apple = await createVirtualApple();
const [root = ''] = apple.trustAnchors;
const [receiptRoot = ''] = apple.receiptTrustAnchors;

interface Evidence {
  keyId: string;
  attestation: Uint8Array;
  assertion: Uint8Array;
}

/** Creates evidence of a virtual device, but none with a nonce that is valid ASN.1. The other verifier cannot find such a nonce. */
async function evidenceOf(os: (typeof SYSTEMS)[number], environment: 'production' | 'development'): Promise<Evidence> {
  const device = await apple.createDevice({ appId: APP_ID, os, environment });
  const keyId = await device.generateKey();
  const attestation = await device.attestKey(keyId, sha256(CHALLENGE));
  const [credCert] = inspectAttestation(attestation).certificates;
  if (!credCert?.nonce || readsAsAsn1(credCert.nonce)) return evidenceOf(os, environment);
  const assertion = await device.generateAssertion(keyId, sha256(PAYLOAD));
  return { keyId, attestation, assertion };
}

describe('appattest-checker-node', () => {
  beforeAll(() => checker.setAppAttestRootCertificate(root));

  it.each(SYSTEMS.flatMap((os) => [[os, 'production'] as const, [os, 'development'] as const]))(
    'accepts the attestation and the assertion of %s in %s with the root of the virtual Apple',
    async (os, environment) => {
      const { keyId, attestation, assertion } = await evidenceOf(os, environment);
      const appInfo = { appId: APP_ID, developmentEnv: environment === 'development' };
      const attested = await checker.verifyAttestation(
        appInfo,
        keyId,
        Buffer.from(CHALLENGE),
        Buffer.from(attestation),
      );
      if (!('publicKeyPem' in attested)) return expect.fail(attested.verifyError);

      const hash = Buffer.from(sha256(PAYLOAD));
      const asserted = await checker.verifyAssertion(hash, attested.publicKeyPem, APP_ID, Buffer.from(assertion));
      expect(asserted).toEqual({ signCount: 1 });
    },
  );

  it('rejects the attestation of a virtual device with Apple’s own root', async () => {
    const { keyId, attestation } = await evidenceOf('iOS 27', 'production');
    const verify = () =>
      checker.verifyAttestation(
        { appId: APP_ID, developmentEnv: false },
        keyId,
        Buffer.from(CHALLENGE),
        Buffer.from(attestation),
      );
    expect(await verify()).toHaveProperty('publicKeyPem');
    checker.setAppAttestRootCertificate(null);
    expect(await verify()).toEqual({ verifyError: 'fail_intermediateCert_verify_failure' });
    checker.setAppAttestRootCertificate(root);
  });
});

describe('OpenSSL', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'app-attest-openssl-'));
    await file('root.pem', root);
    await file('receipt-root.pem', receiptRoot);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** Writes a file and returns its path. */
  async function file(name: string, contents: Uint8Array | string): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, contents);
    return path;
  }
  /** Whether OpenSSL exits without an error. */
  async function openssl(...args: readonly string[]): Promise<boolean> {
    const outcome = await run('openssl', args, { cwd: folder }).catch((error) => error);
    if (outcome.code === 'ENOENT') throw new Error('openssl is not installed');
    return outcome.code === undefined;
  }
  const pem = (certificate: Uint8Array): string => new X509Certificate(certificate).toString();
  const flipped = (bytes: Uint8Array, index: number): Uint8Array => bytes.with(index, (bytes.at(index) ?? 0) ^ 1);

  it.each(SYSTEMS)('verifies the evidence of %s, and rejects it if one bit is changed', async (os) => {
    const { keyId, attestation, assertion } = await evidenceOf(os, 'production');
    const { attStmt } = decode(attestation);
    const [leaf, intermediate]: Uint8Array[] = attStmt.x5c.map((der: Uint8Array) => new Uint8Array(der));
    if (!leaf || !intermediate) return expect.fail('the attestation has fewer than two certificates');

    await file('intermediate.pem', pem(intermediate));
    const verifyLeaf = async (der: Uint8Array) => {
      return openssl(
        'verify',
        '-CAfile',
        'root.pem',
        '-untrusted',
        'intermediate.pem',
        await file('leaf.pem', pem(der)),
      );
    };
    expect(await verifyLeaf(leaf)).toBe(true);
    expect(await verifyLeaf(flipped(leaf, -1))).toBe(false);

    const { publicKey, receipt } = await verifyAttestation({
      attestation,
      keyId,
      challenge: CHALLENGE,
      appId: APP_ID,
      trustAnchors: apple.trustAnchors,
    });
    const response = await apple.receiptEndpoint()(endpointUrl('production'), {
      method: 'POST',
      headers: { authorization: await deviceCheckToken() },
      body: Buffer.from(receipt).toString('base64'),
    });
    const refreshed = new Uint8Array(Buffer.from(await response.text(), 'base64'));
    const verifyReceipt = async (der: Uint8Array) => {
      return openssl(
        'cms',
        '-verify',
        '-inform',
        'DER',
        '-CAfile',
        'receipt-root.pem',
        '-out',
        'payload',
        '-in',
        await file('receipt', der),
      );
    };
    for (const genuine of [receipt, refreshed]) {
      expect(await verifyReceipt(genuine)).toBe(true);
      expect(await verifyReceipt(flipped(genuine, 200))).toBe(false);
    }

    const { signature, authenticatorData } = decode(assertion);
    await file('key.pem', publicKey);
    await file('signature', signature);
    const verifySignature = async (message: Uint8Array) => {
      return openssl('dgst', '-sha256', '-verify', 'key.pem', '-signature', 'signature', await file('nonce', message));
    };
    const nonce = sha256(authenticatorData, sha256(PAYLOAD));
    expect(await verifySignature(nonce)).toBe(true);
    expect(await verifySignature(flipped(nonce, 0))).toBe(false);
  });
});
