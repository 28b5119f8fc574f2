/**
 * Test cases for your own stores.
 *
 * @module app-attest/server/conformance
 */

export type { Stores } from '../server/stores.js';
export { type ConformanceCase, type OpenStores, storeConformance } from './store-conformance.js';
