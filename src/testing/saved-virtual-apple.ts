import { createAttestationAuthority, createAttestationRoot } from './certificates/attestation-authority.js';
import { generateKeys } from './certificates/issuer.js';
import { createReceiptAuthority, createReceiptRoot } from './certificates/receipt-authority.js';
import { loadRoot, type SavedRoot, saveRoot } from './certificates/saved-root.js';
import { VirtualApple } from './virtual-apple.js';

/** The roots of a virtual Apple that outlives a process. */
export interface SavedVirtualApple {
  readonly attestationRoot: SavedRoot;
  readonly receiptRoot: SavedRoot;
}

/** Creates new roots. Anyone who has their private keys can forge evidence for each server that trusts the roots. */
export async function createSavedVirtualApple(now: Date): Promise<SavedVirtualApple> {
  const [attestationKeys, receiptKeys] = await Promise.all([generateKeys('P-384', true), generateKeys('P-384', true)]);
  return {
    attestationRoot: await saveRoot(await createAttestationRoot(now, attestationKeys)),
    receiptRoot: await saveRoot(await createReceiptRoot(now, receiptKeys)),
  };
}

/**
 * A virtual Apple with saved roots. Only the roots are saved. So a receipt can be refreshed only in the process that
 * issued it.
 *
 * @throws Error if a certificate or a private key cannot be decoded
 */
export async function loadVirtualApple(saved: SavedVirtualApple): Promise<VirtualApple> {
  const now = new Date();
  const [attestationAuthority, receiptAuthority] = await Promise.all([
    createAttestationAuthority(now, await loadRoot(saved.attestationRoot)),
    createReceiptAuthority(now, await loadRoot(saved.receiptRoot)),
  ]);
  return new VirtualApple(attestationAuthority, receiptAuthority, () => new Date());
}
