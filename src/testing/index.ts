/**
 * A virtual Apple with virtual devices, to test a backend. Never use it in production.
 *
 * @module app-attest/testing
 */

export type {
  CapacitorAssertion,
  CapacitorAttestation,
  CapacitorKey,
  CapacitorPlugin,
  CapacitorSupport,
} from './device/capacitor-plugin.js';
export { DCError, type DCErrorCode } from './device/dc-error.js';
export type { Misbehaviour } from './device/misbehaviour.js';
export type { VirtualOs } from './device/operating-system.js';
export type { RequestToSign } from './device/signed-request.js';
export type { VirtualDevice, VirtualDeviceOptions } from './device/virtual-device.js';
export type { DeviceCheckKey } from './receipts/device-check-token.js';
export type { ListeningServer } from './receipts/loopback-server.js';
export type {
  EndpointAnswer,
  EndpointRequest,
  ReceiptEndpoint,
  ReceiptEndpointOptions,
} from './receipts/receipt-endpoint.js';
export { createVirtualApple, type VirtualApple, type VirtualAppleOptions } from './virtual-apple.js';
