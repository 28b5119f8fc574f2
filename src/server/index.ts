/**
 * The server layer. It issues challenges, verifies evidence, and keeps challenges, keys and counters in stores.
 *
 * @module app-attest/server
 */

export type { AppAttest } from './app-attest.js';
export type { AppAttestOptions } from './app-attest-options.js';
export type { AuthenticatedRequest, AuthenticateOptions } from './authenticate.js';
export type { ReadChallenge } from './challenge.js';
export type { ChallengeFate, ChallengePurpose, ChallengeRecord, ChallengeStore } from './challenge-store.js';
export type { ClientDataForm } from './client-data-form.js';
export { createAppAttest } from './create-app-attest.js';
export type {
  AcceptedEvidence,
  FormatResult,
  FormatVerifier,
  FormatVerifiers,
  NoFormats,
  RegistrationOfFormat,
  RequestOfFormat,
} from './formats.js';
export type { IssueChallengeOptions, IssuedChallenge } from './issue-challenge.js';
export type { KeyCacheOptions } from './key-cache.js';
export type { KeyPage, KeyRegistration, KeyStore, KeyUse, ReceiptUpdate } from './key-store.js';
export { type MemoryStoresOptions, memoryStores } from './memory/memory-stores.js';
export type { TakeChallengeOptions } from './redeem-challenge.js';
export type { ReceiptProgress, RefreshedReceipts, RefreshReceiptsOptions } from './refresh-receipts-options.js';
export type { RegisterOptions } from './register.js';
export { type SignedChallenges, type SignedChallengesOptions, signedChallenges } from './signed-challenges.js';
export type { NewKey, StoredKey } from './stored-key.js';
export type { Stores } from './stores.js';
export type { KeysOfOptions } from './users-keys.js';
