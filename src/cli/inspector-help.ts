/** The output of `app-attest inspector --help`. */
export const INSPECTOR_HELP = `Usage: app-attest inspector [--no-open]

Opens a page that explains and shows evidence in the browser. The command serves
the page on a random port of 127.0.0.1 until you press Ctrl+C. What you paste
stays in the page: the page cannot send requests.

Options:
  --no-open           only prints the address of the page
  --help              shows this text

Exit codes:
  0                   the command was ended
  2                   the command line is wrong, or the page is not there

Example:
  npx app-attest inspector --no-open
`;
