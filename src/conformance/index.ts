/**
 * Proves a store of one's own.
 *
 * @packageDocumentation
 */

export { type ConformanceCase, type OpenStores, type Stores, storeConformance } from './store-conformance.js';
