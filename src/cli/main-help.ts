/** The output of `app-attest --help`. */
export const MAIN_HELP = `Usage: app-attest COMMAND [options]

Commands:
  explain             explains why evidence was rejected
  inspect             shows everything in an attestation, assertion or receipt
  receipt             verifies a receipt, and shows its risk metric
  replay              explains a rejection again, from a saved capsule
  device              tests a running backend with a virtual iPhone
  inspector           opens a page that shows and explains evidence
  receipts refresh    requests new receipts from Apple; run it from cron

app-attest COMMAND --help shows the options and an example.

explain, inspect and receipt take EVIDENCE: a file, - for standard input, or
text. A file may contain bytes. Files and text may contain base64, base64url,
hex, or the JSON that the Capacitor plugin sends.

Only "device" and "receipts refresh" send requests. "device" sends them to your
backend, and "receipts refresh" sends them to your database and to Apple.

Options:
  --help              shows this text
  --version           shows the version of the package

Exit codes:
  0                   no check failed
  1                   a check or a request failed, or inspect found no evidence
  2                   the command line or an input is wrong
`;
