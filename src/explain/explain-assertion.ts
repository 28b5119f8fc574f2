import { checkAssertion } from './assertion-checks.js';
import { type ExplainAssertionOptions, readExplainAssertionOptions } from './assertion-options.js';
import { assertionCauses } from './causes/assertion-causes.js';
import { byCertainty } from './causes/certainty.js';
import type { Explanation } from './explanation.js';
import { type InspectedAssertion, inspectAssertion } from './inspect-assertion.js';

/**
 * Explains why `verifyAssertion` accepts or rejects an assertion. All checks are made, even after a failed check.
 * Then known mistakes are tried until one of them explains the failure. An explanation costs at most as much as 100
 * verifications. Use explanations for logs and tools, not for every request.
 *
 * If the text of the assertion is wrongly encoded, the verdict is `'refused'`, and the other checks are made with the bytes
 * that were found in the text.
 *
 * @throws AppAttestError `invalid_argument` if an option is wrong. Nothing in the evidence causes an error
 *
 * @example
 * ```ts
 * const { publicKey, counter } = key;
 * const { verdict, causes } = await explainAssertion({ assertion: body.token, publicKey, payload, appId, counter });
 * for (const { certainty, summary, remedy } of causes) console.log(`${certainty}: ${summary} ${remedy}`);
 * ```
 *
 * @see https://developer.apple.com/documentation/devicecheck/validating-apps-that-connect-to-your-server
 */
export async function explainAssertion(passed: ExplainAssertionOptions): Promise<Explanation<InspectedAssertion>> {
  const expected = readExplainAssertionOptions(passed);
  const { checks, ...found } = await checkAssertion(expected);
  const { verdict, code } = checks;
  return {
    verdict,
    ...(code && { code }),
    checks: checks.checks,
    causes: verdict === 'refused' ? byCertainty(await assertionCauses({ ...expected, ...found, checks })) : [],
    inspection: inspectAssertion(found.bytes ?? expected.evidence),
  };
}
