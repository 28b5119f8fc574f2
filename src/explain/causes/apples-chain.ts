import type { CertificateChain } from '../../certificates/certificate-chain.js';
import { verifyTrust } from '../../certificates/certificate-chain.js';
import { readTrustAnchors } from '../../certificates/trust-anchors.js';

/** Whether a chain that is not trusted would be trusted with Apple's root certificate. */
export async function endsInApplesRoot(chain: CertificateChain, root: string): Promise<boolean> {
  try {
    await verifyTrust(chain, readTrustAnchors(undefined, root));
    return true;
  } catch {
    return false;
  }
}
