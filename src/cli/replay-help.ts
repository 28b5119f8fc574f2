/** The output of `app-attest replay --help`. */
export const REPLAY_HELP = `Usage: app-attest replay CAPSULE [--json]

Explains a rejection again, on any machine. CAPSULE is a file, - for standard
input, or text. It is the JSON of the property evidence that onDecision receives
if the option capsules is set. Certificates are checked at the date of the
rejection, not at the current date.

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

Example:
  npx app-attest replay capsule.json
`;
