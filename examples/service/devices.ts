import type { AppAttestPlugin } from 'app-attest/client';
import type { VirtualApple } from 'app-attest/testing';
import type { Journal } from './journal.js';
import { observePlugin } from './observed-plugin.js';
import type { DeviceName } from './outside.js';

/** Creates the virtual devices. Returns the plugin of the app on each device. */
export async function createDevices(
  apple: VirtualApple,
  appId: string,
  journal: Journal,
): Promise<Record<DeviceName, AppAttestPlugin>> {
  const phone = await apple.createDevice({ appId });
  const rented = await apple.createDevice({ appId });
  const repackaged = await apple.createDevice({ appId: 'TEAMID6666.com.example.copy' });
  // The copy has the keys of the phone. Its counter does not follow the counter of the phone.
  const clone: Parameters<typeof observePlugin>[0] = {
    prepare: () => phone.capacitor.prepare(),
    createAttestation: (options) => phone.capacitor.createAttestation(options),
    createAssertion: async (options) => {
      phone.misbehave({ standingCounter: true });
      try {
        return await phone.capacitor.createAssertion(options);
      } finally {
        phone.misbehave({});
      }
    },
  };
  return {
    phone: observePlugin(phone.capacitor, 'app', journal),
    clone: observePlugin(clone, 'attacker', journal),
    rented: observePlugin(rented.capacitor, 'attacker', journal),
    repackaged: observePlugin(repackaged.capacitor, 'attacker', journal),
  };
}
