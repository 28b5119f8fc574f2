/** The output of `app-attest --help`. */
export const MAIN_HELP = `Usage: app-attest COMMAND [options]

Commands:
  explain             finds out why evidence was rejected
  inspect             shows everything in an attestation, assertion or receipt
  receipt             verifies a receipt, and shows its risk metric
  replay              explains a rejection again, from its capsule
  device              tests a running backend with a virtual iPhone
  inspector           opens a page that explains and shows evidence
  receipts refresh    requests new receipts from Apple, for cron

app-attest COMMAND --help shows the options and an example.

EVIDENCE is a file, - for standard input, or text. Text and files may contain
base64, base64url, hex or the JSON of a plugin.

Only "device" and "receipts refresh" use the network. "device" sends requests
to your backend, and "receipts refresh" to Apple.

Options:
  --help              shows this text
  --version           shows the version of the package

Exit codes:
  0                   accepted, or nothing to decide
  1                   rejected, or failed
  2                   the command line or an input is wrong
`;
