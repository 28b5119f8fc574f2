import { checkAttestation } from './attestation-checks.js';
import { type ExplainAttestationOptions, readExplainAttestationOptions } from './attestation-options.js';
import { attestationCauses } from './causes/attestation-causes.js';
import { byCertainty } from './causes/certainty.js';
import type { Explanation } from './explanation.js';
import { type InspectedAttestation, inspectAttestation } from './inspect-attestation.js';

/**
 * Explains why `verifyAttestation` accepts or rejects an attestation. All checks are made, even after a failed check.
 * Then known mistakes are tried until one of them explains the failure. An explanation costs at most as much as 100
 * verifications. Use explanations for logs and tools, not for every request.
 *
 * If the text of the attestation is wrongly encoded, the verdict is `'refused'`, and the other checks are made with the bytes
 * that were found in the text.
 *
 * @throws AppAttestError `invalid_argument` if an option is wrong. Nothing in the evidence causes an error
 *
 * @example
 * ```ts
 * const { verdict, causes } = await explainAttestation({ attestation: body.token, challenge, appId });
 * for (const { certainty, summary, remedy } of causes) console.log(`${certainty}: ${summary} ${remedy}`);
 * ```
 *
 * @see https://developer.apple.com/documentation/devicecheck/validating-apps-that-connect-to-your-server
 */
export async function explainAttestation(
  passed: ExplainAttestationOptions,
): Promise<Explanation<InspectedAttestation>> {
  const expected = readExplainAttestationOptions(passed);
  const { checks, ...found } = await checkAttestation(expected);
  const { verdict, code } = checks;
  return {
    verdict,
    ...(code && { code }),
    checks: checks.checks,
    causes: verdict === 'refused' ? byCertainty(await attestationCauses({ ...expected, ...found, checks })) : [],
    inspection: inspectAttestation(found.bytes ?? expected.evidence),
  };
}
