const { generateKeyPairSync } = require('node:crypto');
const { readFileSync } = require('node:fs');
const { inspectAttestation, verifyAssertion, verifyReceipt } = require('app-attest');

/** Returns which of the packages jose and pkijs are loaded. */
const loaded = () => {
  const packages = ['jose', 'pkijs'];
  return packages.filter((name) => Object.keys(require.cache).some((path) => path.includes(`/node_modules/${name}/`)));
};

(async () => {
  const { attestation, appId } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await verifyAssertion({ assertion: '', publicKey, payload: '', appId, counter: 0 }).catch(() => undefined);
  const withAssertion = loaded();
  const { receipt } = inspectAttestation(attestation.object);
  await verifyReceipt({ receipt, appId, date: new Date(attestation.validAt) });
  console.log(JSON.stringify({ withAssertion, withReceipt: loaded() }));
})();
