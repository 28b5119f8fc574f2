/**
 * Functions that verify Apple App Attest evidence on a server. Only `refreshReceipt` uses the network. A function with the
 * option `date` reads the clock only if `date` is omitted.
 *
 * @module app-attest
 */

export { type VerifiedAssertion, type VerifyAssertionOptions, verifyAssertion } from './assertion/verify-assertion.js';
export type { AttestedDevice } from './attestation/attested-device.js';
export {
  type VerifiedAttestation,
  type VerifyAttestationOptions,
  verifyAttestation,
} from './attestation/verify-attestation.js';
export type { AuthenticatorExtensions } from './authenticator-data/authenticator-extensions.js';
export type { ExtensionPolicy } from './authenticator-data/extension-policy.js';
export { ValidationCategory } from './authenticator-data/validation-category.js';
export { AppAttestError, type AppAttestErrorCode, type AppAttestErrorDetails } from './errors.js';
export type { ExplainAssertionOptions } from './explain/assertion-options.js';
export type { ExplainAttestationOptions } from './explain/attestation-options.js';
export { explainAssertion } from './explain/explain-assertion.js';
export { explainAttestation } from './explain/explain-attestation.js';
export { explainReceipt } from './explain/explain-receipt.js';
export type { Cause, Check, Explanation } from './explain/explanation.js';
export { type InspectedAssertion, inspectAssertion } from './explain/inspect-assertion.js';
export {
  type InspectedAttestation,
  type InspectedAttestedData,
  inspectAttestation,
} from './explain/inspect-attestation.js';
export type { InspectedAuthenticatorData } from './explain/inspect-authenticator-data.js';
export type { InspectedCertificate } from './explain/inspect-certificate.js';
export { type InspectedReceipt, inspectReceipt } from './explain/inspect-receipt.js';
export type { ExplainReceiptOptions } from './explain/receipt-options.js';
export type { AppId } from './options/app-id.js';
export type { Environment } from './options/environment.js';
export type { DeviceCheckCredentials } from './receipt/device-check-token.js';
export {
  type DueReceiptsOptions,
  dueReceipts,
  type ReceiptSchedule,
  receiptDueAt,
  type StoredReceipt,
} from './receipt/receipt-due.js';
export type { ReceiptType } from './receipt/receipt-payload.js';
export { type RefreshedReceipt, type RefreshReceiptOptions, refreshReceipt } from './receipt/refresh-receipt.js';
export { type VerifiedReceipt, type VerifyReceiptOptions, verifyReceipt } from './receipt/verify-receipt.js';
