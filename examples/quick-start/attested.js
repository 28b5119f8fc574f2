import { AppAttest } from '@capgo/capacitor-app-attest';
import { capacitor, createClient } from 'app-attest/client';

/** The plugin keeps the key identifier in UserDefaults. */
const storage = {
  get: async () => (await AppAttest.getStoredKeyId()).keyId,
  set: async (_name, keyId) => AppAttest.storeKeyId({ keyId }),
  remove: async () => AppAttest.clearStoredKeyId(),
};

const attested = createClient({ device: capacitor(AppAttest), baseUrl: 'https://api.example.com', storage });

/** The client registers a key before the first request, and signs each request. */
export function order(item) {
  return attested.fetch('/orders', { method: 'POST', body: { item } });
}
