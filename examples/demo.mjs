// Verifies recorded evidence, and prints each check with the compared values. Run it with `npm run demo`.
import { createHash, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  AppAttestError,
  inspectAssertion,
  inspectAttestation,
  ValidationCategory,
  verifyAssertion,
  verifyAttestation,
} from 'app-attest';

const attestations = [
  ['Apple’s sample of 2026, iOS 27, production', readFixture('apple-guide-2026')],
  ['A recording from iOS 17, production', readFixture('node-app-attest-production')],
  ['A recording from iOS 17, development', readFixture('node-app-attest-development')],
];
const recordedAssertion = readFixture('node-app-attest-assertion');
const strangeApp = 'TEAMID1234.com.example.another';
const AAGUIDS = { production: 'appattest·······', development: 'appattestdevelop' };

let failures = 0;

for (const [title, recording] of attestations) {
  await show(`Attestation: ${title}`, () => showAttestation(recording));
}
await show('Assertion: a request signed with an attested key', () => showAssertion(recordedAssertion));

const [, [, production]] = attestations;
await expectRejection('the wrong challenge', 'nonce_mismatch', () => {
  return verifyAttestation({ ...attestationOptions(production), challenge: 'not the challenge that was issued' });
});
await expectRejection('the wrong app', 'app_id_mismatch', () => {
  return verifyAttestation({ ...attestationOptions(production), appId: strangeApp });
});
await expectRejection('a replayed counter', 'counter_not_increased', () => {
  return verifyAssertion({ ...assertionOptions(recordedAssertion), counter: 1 });
});

console.log(failures === 0 ? '\nAll results are as expected.' : `\n${failures} results are not as expected.`);
process.exitCode = failures === 0 ? 0 : 1;

async function showAttestation(recording) {
  const options = attestationOptions(recording);
  const verified = await verifyAttestation(options);

  const { authenticatorData, certificates } = inspectAttestation(options.attestation);
  const [leaf, intermediate] = certificates;
  const clientDataHash = options.clientDataHash ?? sha256(options.challenge);
  note('certificate chain', `${commonName(leaf.subject)} ← ${commonName(intermediate.subject)} ← Apple’s pinned root`);
  note('certificate dates', `${day(leaf.notBefore)} ≤ ${day(options.date)} ≤ ${day(leaf.notAfter)}`);
  compare('nonce', hex(leaf.nonce), hex(sha256(authenticatorData.bytes, clientDataHash)));
  compare('SHA-256 of certified key', base64(sha256(pointOf(verified.publicKey))), recording.keyId);
  compare('RP ID hash', hex(authenticatorData.rpIdHash), hex(sha256(recording.appId)));
  compare('App ID in certificate', leaf.appId, recording.appId);
  compare('counter', authenticatorData.counter, 0);
  compare('aaguid', text(authenticatorData.aaguid), AAGUIDS[recording.environment]);
  compare('credential id', base64(authenticatorData.credentialId), recording.keyId);
  compare('COSE key', hex(pointOf(authenticatorData.publicKey)), hex(pointOf(verified.publicKey)));
  learn('app', verified.appId);
  learn('environment', verified.environment);
  learn('device', entries(verified.device));
  learnExtensions(verified.extensions);
  learn('receipt', `${verified.receipt.length} bytes, to request a risk metric from Apple`);
}

async function showAssertion(recording) {
  const options = assertionOptions(recording);
  const verified = await verifyAssertion(options);

  const { authenticatorData, signature } = inspectAssertion(options.assertion);
  const nonce = sha256(authenticatorData.bytes, sha256(options.payload));
  note('signature', `${hex(signature)} over nonce ${hex(nonce)} with the stored key`);
  compare('RP ID hash', hex(authenticatorData.rpIdHash), hex(sha256(recording.appId)));
  note('counter', `${verified.counter} > ${options.counter}, the stored counter`);
  learn('app', verified.appId);
  learn('payload', text(options.payload));
  learnExtensions(verified.extensions);
}

async function show(title, body) {
  console.log(`\n${title}`);
  try {
    await body();
  } catch (error) {
    failures += 1;
    console.log(`  ✗ ${error.code ?? error.name}: ${error.message}`);
  }
}

async function expectRejection(title, code, attempt) {
  await show(`Rejected: ${title}`, async () => {
    const error = await attempt().then(
      () => new Error('the evidence was accepted'),
      (reason) => reason,
    );
    if (!(error instanceof AppAttestError) || error.code !== code) throw error;
    console.log(`  ✓ ${error.code}: ${error.message}`);
  });
}

function attestationOptions({ attestation, keyId, appId, environment }) {
  const { object, challenge, clientDataHash, validAt } = attestation;
  const date = new Date(validAt); // Recorded certificates have expired. A server omits this option.
  const given = challenge === undefined ? { clientDataHash: bytes(clientDataHash) } : { challenge: bytes(challenge) };
  return { attestation: object, keyId, appId, environment, date, ...given };
}

function assertionOptions({ assertions: [assertion], publicKey, appId }) {
  return { assertion: assertion.object, publicKey, payload: bytes(assertion.clientData), appId, counter: 0 };
}

/** Prints the values of a check that the verifier has made. */
function note(name, values) {
  console.log(`  ✓ ${name.padEnd(26)}${values}`);
}

/** Repeats a check of the verifier, and prints the compared values. */
function compare(name, actual, expected) {
  if (actual !== expected) throw new Error(`${name}: ${actual} is not ${expected}`);
  note(name, `${actual} = ${expected}`);
}

function learn(name, value) {
  console.log(`    ${name.padEnd(26)}${value}`);
}

function learnExtensions(extensions) {
  if (!extensions) return learn('signed extensions', 'none (iOS 27 and later can send them)');
  const category = Object.keys(ValidationCategory).find(
    (name) => ValidationCategory[name] === extensions.validationCategory,
  );
  learn('signed extensions', entries({ ...extensions, validationCategory: category ?? extensions.validationCategory }));
}

function readFixture(name) {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}.json`, import.meta.url), 'utf8'));
}

function sha256(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function entries(record) {
  return Object.entries(record)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function commonName(name) {
  const value = /CN=([^,]+)/.exec(name)[1];
  return value.length > 32 ? `${value.slice(0, 16)}…` : value;
}

/** Returns the uncompressed point of a P-256 key, which is the end of its SubjectPublicKeyInfo. */
function pointOf(pem) {
  return createPublicKey(pem).export({ format: 'der', type: 'spki' }).subarray(-65);
}

function bytes(text) {
  return Buffer.from(text, 'base64');
}

function base64(value) {
  return Buffer.from(value).toString('base64');
}

function hex(value) {
  return `${Buffer.from(value.subarray(0, 8)).toString('hex')}…`;
}

function text(value) {
  return Buffer.from(value).toString('utf8').replaceAll('\0', '·');
}

function day(date) {
  return date.toISOString().slice(0, 10);
}
