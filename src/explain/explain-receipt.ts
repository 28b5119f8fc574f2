import { byCertainty } from './causes/certainty.js';
import { receiptCauses } from './causes/receipt-causes.js';
import type { Explanation } from './explanation.js';
import { type InspectedReceipt, inspectReceipt } from './inspect-receipt.js';
import { checkReceipt } from './receipt-checks.js';
import { type ExplainReceiptOptions, readExplainReceiptOptions } from './receipt-options.js';

/**
 * Explains why `verifyReceipt` accepts or rejects a receipt. All checks are made, even after a failed check. Then
 * known mistakes are tried until one of them explains the failure. An explanation costs at most as much as 100
 * verifications. Use explanations for logs and tools, not for every request.
 *
 * If the text of the receipt is wrongly encoded, the verdict is `'refused'`, and the other checks are made with the bytes that
 * were found in the text.
 *
 * @throws AppAttestError `invalid_argument` if an option is wrong, or if the packages that decode receipts cannot be loaded.
 *   Nothing in the receipt causes an error
 *
 * @example
 * ```ts
 * const { verdict, causes } = await explainReceipt({ receipt: key.receipt, appId, publicKey: key.publicKey });
 * for (const { certainty, summary, remedy } of causes) console.log(`${certainty}: ${summary} ${remedy}`);
 * ```
 *
 * @see https://developer.apple.com/documentation/devicecheck/assessing-fraud-risk
 */
export async function explainReceipt(passed: ExplainReceiptOptions): Promise<Explanation<InspectedReceipt>> {
  const expected = readExplainReceiptOptions(passed);
  const { checks, ...found } = await checkReceipt(expected);
  const { verdict, code } = checks;
  return {
    verdict,
    ...(code && { code }),
    checks: checks.checks,
    causes: verdict === 'refused' ? byCertainty(await receiptCauses({ ...expected, ...found, checks })) : [],
    inspection: await inspectReceipt(found.bytes ?? expected.evidence),
  };
}
