import type { CertificateChain } from '../../certificates/certificate-chain.js';
import { verifyTrust } from '../../certificates/certificate-chain.js';
import { readTrustAnchors } from '../../certificates/trust-anchors.js';

/** Returns whether a chain is trusted if Apple's root certificate is the only trust anchor. */
export async function endsInApplesRoot(chain: CertificateChain, root: string): Promise<boolean> {
  try {
    await verifyTrust(chain, readTrustAnchors(undefined, root));
    return true;
  } catch {
    return false;
  }
}
