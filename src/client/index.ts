/**
 * A client that runs in the app: in the browser engine of Capacitor, in Expo and in React Native. It uses no module of Node.js.
 *
 * @module app-attest/client
 */

export type { Sha256 } from './body-digest.js';
export { type AppAttestPlugin, capacitor } from './capacitor.js';
export { AppAttestClientError, type ClientErrorCode, type ClientErrorDetails } from './client-error.js';
export type { ClientOptions, ClientPaths, UnsupportedReason } from './client-options.js';
export { type AppAttestClient, createClient, type FetchOptions } from './create-client.js';
export type { Device } from './device.js';
export { type AppIntegrityModule, expo } from './expo.js';
export type { AttestedRequestInit, RequestBody } from './outgoing-request.js';
export type { Storage } from './storage.js';
