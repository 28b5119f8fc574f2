/**
 * Test cases for your own stores.
 *
 * @packageDocumentation
 */

export type { Stores } from './requirement.js';
export { type ConformanceCase, type OpenStores, storeConformance } from './store-conformance.js';
