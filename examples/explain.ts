import { type ExplainAttestationOptions, explainAttestation } from 'app-attest';

/** Returns lines for the log: the verdict, each failed check, and what to change. */
export async function explainForLog(options: ExplainAttestationOptions): Promise<string[]> {
  const { verdict, code, checks, causes } = await explainAttestation(options);
  const failed = checks.filter(({ outcome }) => outcome === 'failed');
  return [
    `${verdict}${code ? `: ${code}` : ''}`,
    ...failed.map(({ name, expected, actual }) => {
      return `${name} failed: ${expected === undefined ? '' : `expected ${expected}, got `}${actual}`;
    }),
    ...causes.map(({ certainty, summary, remedy }) => `${certainty}: ${summary} ${remedy}`),
  ];
}
