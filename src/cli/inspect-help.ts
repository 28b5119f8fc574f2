/** The output of `app-attest inspect --help`. */
export const INSPECT_HELP = `Usage: app-attest inspect EVIDENCE [--date DATE] [--json]

Shows everything in an attestation, an assertion or a receipt: authenticator
data with the position of each field, certificates with all extensions, and the
receipt. Verifies nothing.

EVIDENCE is a file, - for standard input, or text. A file may contain bytes.
Files and text may contain base64, base64url, hex, or the JSON that the
Capacitor plugin sends.

Options:
  --date DATE         the time with which dates are compared, in ISO 8601; now
                      by default
  --json              prints JSON; bytes are base64
  --help              shows this text

Exit codes:
  0                   the evidence was decoded, completely or in part
  1                   the input is not App Attest evidence
  2                   the command line is wrong, or the input cannot be read

Example:
  npx app-attest inspect attestation.txt
`;
