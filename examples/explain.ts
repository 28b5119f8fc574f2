import { type ExplainAttestationOptions, explainAttestation } from 'app-attest';

/** Returns lines for the log: the verdict, each check that did not pass, and what to change. */
export async function explainForLog(options: ExplainAttestationOptions): Promise<string[]> {
  const { verdict, code, checks, causes } = await explainAttestation(options);
  const notPassed = checks.filter(({ outcome }) => outcome !== 'passed');
  return [
    `${verdict}${code ? `: ${code}` : ''}`,
    ...notPassed.map(({ name, outcome, expected, actual }) => {
      return `${name} ${outcome}: expected ${expected ?? 'unknown'}, got ${actual ?? 'unknown'}`;
    }),
    ...causes.map(({ certainty, summary, remedy }) => `${certainty}: ${summary} ${remedy}`),
  ];
}
