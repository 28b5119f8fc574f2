/** The output of `app-attest device --help`. */
export const DEVICE_HELP = `Usage: app-attest device --url URL --app-id ID [options]
       app-attest device --print-root > virtual-root.pem

Tests a running backend with an app on a virtual iPhone. The app registers a
key and sends a protected request. Then the command replays, changes and
reroutes requests. It shows the response to each request. If a response is
wrong, it also shows the expected response and advice. The accepted requests
take effect in the backend, so use a backend for tests. The command sends
nothing to other hosts.

The backend must trust the root certificate of the virtual iPhone:
  npx app-attest device --print-root > virtual-root.pem
  const trustAnchors = [readFileSync('virtual-root.pem', 'utf8')];
  createAppAttest({ …, trustAnchors })
A Cloudflare Worker has no files: see docs/frameworks.md#cloudflare-workers.
Run the backend with the environment variable APP_ATTEST_VIRTUAL=allow. Never do
this in production. If the backend sets verifyReceipts, also pass the option
receiptTrustAnchors, with the certificate that --print-receipt-root prints.

Options:
  --url URL           the backend, such as http://localhost:3000
  --app-id ID         the App ID, such as TEAMID1234.com.example.app
  --method METHOD, --path PATH, --body TEXT
                      the protected request; POST /orders {"item":"coffee"} by
                      default. With --path alone, the method is GET; with --path
                      and --body, it is POST
  --header TEXT       a header of all requests, such as "Authorization: Bearer
                      …"; repeat the option for several headers
  --challenge-path PATH
                      /app-attest/challenge by default
  --registration-path PATH
                      /app-attest/registration by default
  --os NAME           'iOS 14.4', 'iOS 17.2', 'iOS 17.6', 'iOS 18',
                      'iOS 18.5 opt-in', 'iOS 26', 'iOS 26 opt-in', 'iOS 27',
                      'iOS 27 opt-in' or 'macOS 27'; 'iOS 27' by default.
                      docs/testing.md describes their evidence
  --environment NAME  production or development; production by default
  --print-root        prints the root certificate for attestations, PEM
  --print-receipt-root
                      prints the root certificate for receipts, PEM
  --root-file FILE    the file with the root certificates and their private
                      keys; created if it does not exist; by default, a file
                      of your user account. Keep the file out of repositories:
                      anyone who has the file can forge evidence for backends
                      that trust the root
  --json              prints JSON
  --help              shows this text

Exit codes:
  0                   all responses are as expected
  1                   a response is not as expected
  2                   the command line is wrong
  130, 143            SIGINT or SIGTERM ended the command

Example:
  npx app-attest device --url http://localhost:3000 \\
    --app-id TEAMID1234.com.example.app
`;
