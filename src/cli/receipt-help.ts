/** The output of `app-attest receipt --help`. */
export const RECEIPT_HELP = `Usage: app-attest receipt EVIDENCE --app-id ID [options]

Verifies a receipt, and shows its dates, its risk metric and when to refresh it.
EVIDENCE is the receipt, or an attestation that contains it: a file, - for
standard input, or text. A file may contain bytes. Files and text may contain
base64, base64url, hex, or the JSON that the Capacitor plugin sends.

Options:
  --app-id ID         the App ID, such as TEAMID1234.com.example.app; repeat
                      the option for several apps
  --environment NAME  production or development; production by default; repeat
                      the option to accept both
  --public-key KEY    the attested key: a file or text, PEM or base64
  --challenge TEXT    the challenge of the attestation
  --client-data-hash BASE64
                      the bytes that the app passed to attestKey, in base64 or
                      as 64 hex digits; replaces --challenge
  --type TYPE         ATTEST (from an attestation) or RECEIPT (from Apple's
                      server); both by default
  --max-age SECONDS   the maximum age of the receipt
  --date DATE         the time of the check, in ISO 8601; now by default
  --trust-anchor FILE a root certificate in PEM, which replaces Apple's for
                      receipts; for a virtual device, set
                      APP_ATTEST_VIRTUAL=allow
  --json              prints JSON; bytes are base64
  --help              shows this text

A check is skipped if you do not pass the expected value.

Exit codes:
  0                   accepted, or undecided because --app-id is not given
  1                   rejected
  2                   the command line is wrong, or the input cannot be read

Example:
  npx app-attest receipt receipt.txt --app-id TEAMID1234.com.example.app
`;
