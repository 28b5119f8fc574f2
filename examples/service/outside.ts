import type { AppAttestPlugin } from 'app-attest/client';
import type { SceneEnd, SceneStart } from './step.js';

/**
 * The devices:
 *
 * - `phone`: the phone of the user
 * - `clone`: a copy of the phone, with its keys and their counters. A real Secure Enclave cannot be copied
 * - `rented`: a phone that an attacker rents, with the genuine app
 * - `repackaged`: a phone with a changed copy of the app, which another team has signed
 */
export type DeviceName = 'phone' | 'clone' | 'rented' | 'repackaged';

/** What a scene needs beside the app and the service. */
export interface Outside {
  /** The plugin of the app on a device. */
  plugin(device: DeviceName): AppAttestPlugin;
  /** Revokes a key, as the operator of the service. */
  revoke(keyId: string): Promise<void>;
  /** Requests the receipt of a key from Apple, as the operator. Returns the risk metric. */
  refreshReceipt(keyId: string): Promise<number | undefined>;
  /** Stops the service, and starts it again. */
  restart(): Promise<void>;
  /** Sets the clock by which sessions expire, in seconds ahead of the time. */
  moveClock(seconds: number): Promise<void>;
  /** Notes the beginning or the end of a scene. */
  note(entry: SceneStart | SceneEnd): Promise<void>;
}
