import { type VerifyReceiptOptions, verifyReceipt } from '../../src/index.js';
import { NOW } from './certificate-authority.js';
import { APP_ID } from './evidence.js';
import {
  createReceiptChain,
  field,
  makeReceipt,
  minutesFromNow,
  pointOf,
  type ReceiptChain,
  type ReceiptChanges,
  receiptFieldsOf,
} from './receipts.js';

/** Certificates like those in Apple's receipts, created once for each test file. */
export const chain = await createReceiptChain();
export const attestedKey = await pointOf(chain.credCert);
/** The creation time of the receipts, in whole seconds. */
export const inWhole = minutesFromNow(-1);

export type Options = Partial<VerifyReceiptOptions>;

/** Creates a receipt with `changes`, and verifies it with matching options. `options` replaces some of these options. */
export async function verify(changes: ReceiptChanges = {}, options: Options = {}, under: ReceiptChain = chain) {
  const receipt = await makeReceipt(under, changes);
  return verifyReceipt({ receipt, appId: APP_ID, date: NOW, trustAnchors: [under.root.der], ...options });
}

export const withFields = (fields: NonNullable<ReceiptChanges['fields']>): ReceiptChanges => ({ fields });

export const fieldsOfReceipt = (): Uint8Array[] => {
  return Object.entries(receiptFieldsOf(chain)).map(([type, value]) => field(Number(type), value ?? ''));
};

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
