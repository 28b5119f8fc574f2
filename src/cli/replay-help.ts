/** The output of `app-attest replay --help`. */
export const REPLAY_HELP = `Usage: app-attest replay CAPSULE [--json]

Explains a rejection again, on any machine. A capsule is the JSON text of the
property evidence of a decision. The function onDecision receives this property
if the option capsules is set. CAPSULE is a file, - for standard input, or text.
Certificates are checked at the date of the rejection, not at the current date.

From a file with one capsule in each line, pass one line:
  tail -n 1 refused.jsonl | npx app-attest replay -

For a capsule of a backend that trusts a virtual device, set the environment
variable APP_ATTEST_VIRTUAL=allow.

Options:
  --json              prints JSON; bytes are base64
  --help              shows this text

Exit codes:
  0                   no check of the evidence failed
  1                   the evidence is rejected
  2                   the command line is wrong, or the input is not a capsule
                      with evidence

Example:
  npx app-attest replay capsule.json
`;
