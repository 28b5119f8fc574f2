import { inspectAssertion, inspectAttestation } from 'app-attest';
import type { AppAttestPlugin } from 'app-attest/client';
import type { Journal } from './journal.js';
import { type Place, shortened } from './step.js';

/**
 * Returns a plugin that adds a step for each call.
 *
 * @param caller Who calls the plugin: the app, or an attacker who runs other code on the device
 */
export function observePlugin(
  plugin: Omit<AppAttestPlugin, 'isSupported'>,
  caller: Place,
  journal: Journal,
): AppAttestPlugin {
  return {
    isSupported: async () => ({ isSupported: true, format: 'apple-app-attest' }),

    async prepare() {
      journal.step(caller, 'device', 'prepare');
      const { keyId } = await plugin.prepare();
      journal.step('device', caller, 'a new key in the Secure Enclave', { key: shortened(keyId) });
      return { keyId };
    },

    async createAttestation({ keyId, challenge }) {
      journal.step(caller, 'device', 'createAttestation', { key: shortened(keyId), challenge: shortened(challenge) });
      const { token } = await plugin.createAttestation({ keyId, challenge });
      const { certificates, receipt, authenticatorData } = inspectAttestation(token);
      journal.step('device', 'apple', 'attestKey', {
        signs: 'public key, App ID, SHA-256 of the challenge',
      });
      journal.step('apple', 'device', 'the key is certified', {
        certificates: String(certificates.length),
        receipt: `${receipt?.length} bytes`,
      });
      const environment = authenticatorData?.environment ?? 'unknown';
      journal.step('device', caller, 'attestation object', { size: `${token.length} characters`, environment });
      return { token };
    },

    async createAssertion({ keyId, payload }) {
      const lines = payload.split('\n').map(shortened);
      journal.step(caller, 'device', 'createAssertion', { key: shortened(keyId), signs: lines.join(' ⏎ ') });
      const { token } = await plugin.createAssertion({ keyId, payload });
      const counter = inspectAssertion(token).authenticatorData?.counter;
      journal.step('device', caller, 'assertion', { counter: String(counter) });
      return { token };
    },
  };
}
