/** Sends one signed request to a server that accepts everything. Returns what the server received. */
exports.signOnce = async ({ AppAttestClientError, capacitor, createClient, expo }) => {
  const items = new Map();
  const plugin = {
    isSupported: async () => ({ isSupported: true }),
    prepare: async () => ({ keyId: 'key' }),
    createAttestation: async () => ({ token: 'attestation' }),
    createAssertion: async () => ({ token: 'assertion' }),
  };
  const received = [];
  const attested = createClient({
    device: capacitor(plugin),
    baseUrl: 'https://api.example.com',
    storage: {
      get: async (name) => items.get(name) ?? null,
      set: async (name, value) => void items.set(name, value),
      remove: async (name) => void items.delete(name),
    },
    fetch: async (url, init) => {
      received.push(`${init.method} ${url} ${new Headers(init.headers).get('x-app-attest-assertion')}`);
      return Response.json({ challenge: 'challenge', keyId: 'key' });
    },
  });
  await attested.fetch('/orders', { method: 'POST', body: { item: 'coffee' } });
  let error;
  try {
    createClient({});
  } catch (thrown) {
    error = thrown;
  }
  const isTyped = error instanceof AppAttestClientError;
  return { received, code: error?.code, isTyped, expo: typeof expo({ isSupported: true }).attest };
};
