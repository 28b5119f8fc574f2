import { generateKeyPairSync } from 'node:crypto';
import type { AppAttest, KeyStore } from 'app-attest/server';
import type { VirtualApple } from 'app-attest/testing';
import type { Journal } from './journal.js';

/** The virtual Apple accepts any P-256 key. A real service has the .p8 file of a developer account. */
const { privateKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const credentials = { teamId: 'TEAMID1234', keyId: 'ABC123DEFG', privateKey };

/** Exchanges the receipt of a key for a newer one. Returns the risk metric in it. */
export async function refreshReceipt(
  apple: VirtualApple,
  appAttest: AppAttest,
  keys: KeyStore,
  keyId: string,
  journal: Journal,
): Promise<number | undefined> {
  const endpoint = apple.receiptEndpoint();
  // A new receipt is due after some weeks. Here, it is due before all others.
  await keys.saveReceipt(keyId, { receiptDueAt: new Date(0) });
  await appAttest.refreshReceipts({
    credentials,
    limit: 1,
    fetch: async (input, init) => {
      journal.step('service', 'apple', 'POST /v1/attestationData', { sends: 'the receipt, and a signed token' });
      const response = await endpoint(input, init);
      const what = response.status === 200 ? 'a new receipt' : 'no newer receipt';
      journal.step('apple', 'service', `${response.status} ${what}`);
      return response;
    },
  });
  return (await appAttest.key(keyId))?.riskMetric;
}
