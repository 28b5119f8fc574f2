import { assertAccessControlList } from '../attestation/access-control-list.js';
import { asAttestation, assertFormat, MAX_ATTESTATION_LENGTH, readX5c } from '../attestation/attestation-object.js';
import { readAttestedDevice } from '../attestation/attested-device.js';
import { assertCertifiedAppId, readCertifiedAppId } from '../attestation/certified-app-id.js';
import { assertSamePublicKey, readCertifiedKey } from '../attestation/certified-key.js';
import { assertCredentialId, assertKeyIdentifier, readKeyIdentifier } from '../attestation/key-identifier.js';
import { assertNonce } from '../attestation/nonce.js';
import { assertEnvironment, environmentOf } from '../authenticator-data/aaguid.js';
import { decodeAttestedAuthenticatorData } from '../authenticator-data/authenticator-data.js';
import { assertCounterIsZero } from '../authenticator-data/counter.js';
import { assertExtensions } from '../authenticator-data/extension-policy.js';
import { assertAppId } from '../authenticator-data/rp-id-hash.js';
import { assertValidity, verifyTrust } from '../certificates/certificate-chain.js';
import { decodeCborMap } from '../encoding/cbor-map.js';
import { shortHex } from '../errors.js';
import { decodeEvidence } from '../options/evidence.js';
import type { ExpectedAttestation } from './attestation-options.js';
import { CheckList } from './check-list.js';
import { readPastedEvidence } from './evidence-text.js';

/** What is known about an attestation after its checks. */
export type CheckedAttestation = ExpectedAttestation & Awaited<ReturnType<typeof checkAttestation>>;

/** Makes the checks of `verifyAttestation`, in the same order. */
export async function checkAttestation({
  appIds,
  environments,
  policy,
  date,
  anchors,
  clientData,
  evidence,
  keyIdText,
}: ExpectedAttestation) {
  const checks = new CheckList();
  const make = checks.make.bind(checks);
  const decoded = make('encoding', {}, () => asAttestation(() => decodeEvidence(evidence, MAX_ATTESTATION_LENGTH)));
  const pasted = readPastedEvidence(evidence);
  const bytes = decoded ?? pasted.bytes;
  const keyId = make('key identifier encoding', {}, keyIdText !== undefined && (() => readKeyIdentifier(keyIdText)));

  const object = make('attestation object', {}, bytes && (() => asAttestation(() => decodeCborMap(bytes))));
  make('format', {}, object && (() => asAttestation(() => assertFormat(object))));
  const statement = make('attestation statement', {}, object && (() => asAttestation(() => object.map('attStmt'))));
  const x5c = make('certificates', {}, statement && (() => asAttestation(() => readX5c(statement))));
  const receipt = make('receipt', {}, statement && (() => asAttestation(() => statement.bytes('receipt'))));
  const authData = object?.has('authData') ? asAuthData(() => object.bytes('authData')) : undefined;
  const data = make(
    'authenticator data',
    {},
    object &&
      (() => {
        return asAttestation(() => decodeAttestedAuthenticatorData(object.bytes('authData')));
      }),
  );

  const trusted = await checks.makeLater('certificate chain', { step: 1 }, x5c && (() => verifyTrust(x5c, anchors)));
  const chain = trusted ?? x5c;
  make('certificate validity', { step: 1 }, chain && (() => assertValidity(chain, date)));
  const credCert = x5c?.[0];
  const hash = clientData?.hash;
  make('nonce', { step: 4 }, credCert && authData && hash && (() => assertNonce(credCert, authData, hash)));
  const device = make('device', {}, credCert && (() => asAttestation(() => readAttestedDevice(credCert))));
  make(
    'access control list',
    { step: 4 },
    credCert &&
      device &&
      (() => {
        assertAccessControlList(credCert, device.platform);
      }),
  );

  const certifiedKey = make('certified key', {}, credCert && (() => readCertifiedKey(credCert)));
  const keyIdentifier = keyId && shortHex(keyId);
  make(
    'key identifier',
    { step: 5, actual: keyIdentifier },
    certifiedKey &&
      keyId &&
      (() => {
        assertKeyIdentifier(certifiedKey, keyId);
      }),
  );

  const certifiedAppId = make(
    'certified App ID',
    {},
    credCert &&
      (() => {
        return asAttestation(() => readCertifiedAppId(credCert));
      }),
  );
  const appId = make(
    'App ID',
    { step: 6, actual: certifiedAppId },
    data &&
      appIds &&
      (() => {
        return assertAppId(data.rpIdHash, appIds, certifiedAppId);
      }),
  );
  make(
    'App ID in the certificate',
    { actual: certifiedAppId },
    credCert &&
      appId !== undefined &&
      (() => {
        assertCertifiedAppId(certifiedAppId, appId);
      }),
  );

  make('counter', { step: 7, actual: data && String(data.counter) }, data && (() => assertCounterIsZero(data.counter)));
  make(
    'environment',
    { step: 8, actual: data && environmentOf(data.aaguid) },
    data &&
      (() => {
        assertEnvironment(data.aaguid, environments);
      }),
  );
  make(
    'credential ID',
    { step: 9, actual: data && shortHex(data.credentialId) },
    data &&
      keyId &&
      (() => {
        assertCredentialId(data.credentialId, keyId);
      }),
  );
  make('public key', {}, data && certifiedKey && (() => assertSamePublicKey(data.credentialPublicKey, certifiedKey)));
  if (policy) make('policy', {}, data && (() => assertExtensions(data.extensions, policy)));

  return { checks, pasted, bytes, receipt, x5c, trusted, authData, data, device, certifiedKey, certifiedAppId };
}

/** Returns the bytes of authenticator data, even if they cannot be decoded. The nonce covers these bytes in any case. */
function asAuthData(read: () => Uint8Array): Uint8Array | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
