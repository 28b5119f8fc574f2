import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Plugin } from 'vite';
import { noticesOf } from './third-party-notices.js';

const STYLES = /<link rel="stylesheet"[^>]*>/;
const SCRIPT = /<script type="module"[^>]*><\/script>/;
const LICENSES = '<pre id="licenses" tabindex="0" aria-label="Licenses">';

/**
 * Puts the script, the styles and the licenses of the bundled packages into the HTML file, and forbids all connections. A page
 * that is opened from a file cannot load a module from another file, but it can run a module inside the HTML.
 *
 * @param notices The path of the file with the licenses of all packages in the build. Licenses that are missing are added to it
 */
export function singlePage(notices: string): Plugin {
  return {
    name: 'single-page',
    // This hook runs last, because other plugins also change the script in this hook.
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const files = Object.values(bundle);
        const page = files.find(({ fileName }) => fileName.endsWith('.html'));
        const script = files.find((file) => file.type === 'chunk');
        const styles = files.find(({ fileName }) => fileName.endsWith('.css'));
        if (page?.type !== 'asset' || script?.type !== 'chunk' || styles?.type !== 'asset' || files.length !== 3) {
          throw new Error('the page must consist of one HTML file, one script and one style sheet');
        }
        // The text `</script` would end the script element too early.
        const code = script.code.replaceAll('</script', '<\\/script');
        const css = String(styles.source);
        const licenses = noticesOf(Object.keys(script.modules));
        const policy = [
          "default-src 'none'",
          `script-src '${sourceOf(code)}'`,
          `style-src '${sourceOf(css)}'`,
          "connect-src 'none'",
          "base-uri 'none'",
          "form-action 'none'",
        ].join('; ');
        // The replacements are functions, because `$&` in a replacement text has a special meaning.
        page.source = String(page.source)
          .replace(STYLES, () => `<style>${css}</style>`)
          .replace(SCRIPT, '')
          .replace('</body>', () => `<script type="module">${code}</script>\n  </body>`)
          .replace(LICENSES, () => LICENSES + escaped([...licenses.values()].join('\n')))
          .replace('<meta charset="utf-8" />', (charset) => {
            return `${charset}\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`;
          });
        delete bundle[script.fileName];
        delete bundle[styles.fileName];
        addMissing(notices, licenses);
      },
    },
  };
}

/** The hash of an inline element (CSP level 3 §2.3.1). */
function sourceOf(content: string): string {
  return `sha256-${createHash('sha256').update(content).digest('base64')}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

function addMissing(file: string, licenses: ReadonlyMap<string, string>): void {
  mkdirSync(dirname(file), { recursive: true });
  const present = existsSync(file) ? readFileSync(file, 'utf8') : '';
  for (const [name, license] of licenses) {
    if (!present.includes(`${name}\n`)) appendFileSync(file, `\n${'-'.repeat(80)}\n\n${license}`);
  }
}
