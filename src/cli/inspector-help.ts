/** The output of `app-attest inspector --help`. */
export const INSPECTOR_HELP = `Usage: app-attest inspector [--no-open]

Opens a page in the browser that shows and explains evidence. The command serves
the page on a random port of 127.0.0.1 until you press Ctrl+C. The evidence that
you paste stays in the page, because the page cannot send requests.

Options:
  --no-open           prints the address of the page, and opens no browser
  --help              shows this text

Exit codes:
  0                   Ctrl+C or SIGTERM ended the command
  2                   the command line is wrong, or this build has no page

Example:
  npx app-attest inspector --no-open
`;
