import { createRequire } from 'node:module';

/** The functions of `appattest-checker-node` that the tests compare with this package. */
interface AppAttestChecker {
  setAppAttestRootCertificate(pem: string | null): void;
  verifyAttestation(
    appInfo: { appId: string; developmentEnv: boolean },
    keyId: string,
    challenge: Buffer,
    attestation: Buffer,
  ): Promise<{ publicKeyPem: string; receipt: Buffer } | { verifyError: string }>;
  verifyAssertion(
    clientDataHash: Buffer,
    publicKeyPem: string,
    appId: string,
    assertion: Buffer,
  ): Promise<{ signCount: number } | { verifyError: string }>;
}

export const checker: AppAttestChecker = createRequire(import.meta.url)('appattest-checker-node');
