import { AppAttest } from '@capgo/capacitor-app-attest';
import { capacitor, createClient } from 'app-attest/client';

/** The plugin keeps the key identifier in UserDefaults. */
const storage = {
  get: async () => (await AppAttest.getStoredKeyId()).keyId,
  set: async (_name: string, keyId: string) => void (await AppAttest.storeKeyId({ keyId })),
  remove: async () => void (await AppAttest.clearStoredKeyId()),
};

const attested = createClient({ device: capacitor(AppAttest), baseUrl: 'https://api.example.com', storage });

/** The client registers a key before the first request, and signs each request. */
export function order(item: string): Promise<Response> {
  return attested.fetch('/orders', { method: 'POST', body: { item } });
}

export function findOrder(id: string): Promise<Response> {
  return attested.fetch(`/orders/${encodeURIComponent(id)}`);
}
