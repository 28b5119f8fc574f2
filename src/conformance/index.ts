/**
 * Proves a store of one's own.
 *
 * @packageDocumentation
 */

export type { Stores } from './requirement.js';
export { type ConformanceCase, type OpenStores, storeConformance } from './store-conformance.js';
