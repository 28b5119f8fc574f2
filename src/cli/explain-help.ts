/** The output of `app-attest explain --help`. */
export const EXPLAIN_HELP = `Usage: app-attest explain EVIDENCE [--app-id ID] [options]

Explains why a backend accepts or rejects an attestation or an assertion. The
command makes all checks, even after a failed check. Then it tries known
mistakes, such as other encodings of the evidence, the challenge or the payload.

EVIDENCE is a file, - for standard input, or text. A file may contain bytes.
Files and text may contain base64, base64url, hex, or the JSON that the
Capacitor plugin sends. If you do not pass the options for the key identifier,
the challenge, the payload and the public key, the command uses these values
from the JSON. It skips a check if the expected value is missing.

Options for attestations and assertions:
  --app-id ID         the App ID, such as TEAMID1234.com.example.app; repeat
                      the option for several apps
  --client-data-hash BASE64
                      the bytes that the app passed to attestKey or
                      generateAssertion, in base64 or as 64 hex digits;
                      replaces the challenge or the payload
  --other-challenge TEXT
                      a challenge of another request, to find out whether the
                      app used it; repeat the option for several challenges
  --json              prints JSON; bytes are base64
  --help              shows this text

Options for attestations:
  --challenge TEXT    the challenge that the backend issued
  --challenge-file FILE
                      the bytes of a challenge that is not text
  --key-id BASE64     the key identifier that the app sent
  --environment NAME  production or development; production by default; repeat
                      the option to accept both
  --date DATE         the time of the registration, in ISO 8601; now by default
  --trust-anchor FILE a root certificate in PEM, which replaces Apple's; for a
                      virtual device, set APP_ATTEST_VIRTUAL=allow

Options for assertions:
  --public-key KEY    the stored public key: a file or text, PEM or base64
  --payload TEXT      the text that the app signed
  --payload-file FILE the bytes that the app signed
  --counter N         the stored counter of the key

Exit codes:
  0                   accepted, or undecided because a value is not given
  1                   rejected
  2                   the command line is wrong, or the input cannot be read

Example:
  npx app-attest explain registration.json --app-id TEAMID1234.com.example.app
`;
