import type { AppAttestPlugin } from 'app-attest/client';
import type { DeviceName, Outside } from '../outside.js';

/** The plugin and the scenery, in the process that serves the page. */
export const remoteOutside: Outside = {
  plugin: remotePlugin,
  revoke: async (keyId) => void (await post('/revocation', { keyId })),
  refreshReceipt: async (keyId) => {
    const { riskMetric } = await post('/receipt', { keyId });
    return typeof riskMetric === 'number' ? riskMetric : undefined;
  },
  restart: async () => void (await post('/restart')),
  moveClock: async (seconds) => void (await post('/clock', { seconds })),
  note: async (entry) => void (await post('/note', entry)),
};

/** The plugin as an app calls it. On an iPhone, Capacitor passes the calls to the device in a similar way. */
function remotePlugin(device: DeviceName): AppAttestPlugin {
  const call = (name: string, options: object = {}) => post(`/devices/${device}/${name}`, options);
  return {
    isSupported: async () => ({ isSupported: true, format: 'apple-app-attest' }),
    prepare: async () => ({ keyId: textIn(await call('prepare'), 'keyId') }),
    createAttestation: async (options) => ({ token: textIn(await call('attestation', options), 'token') }),
    createAssertion: async (options) => ({ token: textIn(await call('assertion', options), 'token') }),
  };
}

async function post(path: string, body: object = {}): Promise<Record<string, unknown>> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  const json: Record<string, unknown> = Object(await response.json());
  if (response.ok) return json;
  const { code, message } = json;
  throw Object.assign(new Error(String(message)), { code });
}

function textIn(json: Record<string, unknown>, name: string): string {
  const value = json[name];
  if (typeof value === 'string') return value;
  throw new TypeError(`the response has no ${name}`);
}
