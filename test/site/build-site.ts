import { execFileSync, execSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { builtSite } from './built-site.js';

/** The inspector page is the last file of the build. */
const lastFile = new URL('inspect/index.html', builtSite);

/** The files that the site consists of. */
const SOURCES = 'docs examples fixtures src *.md certs inspector.config.ts';

/** Builds the site, unless the built site is newer than all files that it consists of. */
export function setup(): void {
  const files = execSync(`git ls-files --cached --others --exclude-standard ${SOURCES}`, { encoding: 'utf8' });
  const changes = files
    .trim()
    .split('\n')
    .map((file) => (existsSync(file) ? statSync(file).mtimeMs : 0));
  if (existsSync(lastFile) && statSync(lastFile).mtimeMs > Math.max(...changes)) return;
  execFileSync('npm', ['run', 'docs', '--', '--build'], { stdio: 'inherit' });
}
