import { posix } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { addressOf, folderOf } from './repository-files.js';

/** A link that is not relative. */
const ABSOLUTE = /^([a-z]+:|[#/])/;

/**
 * Lets links to files of the repository work on the site. On GitHub, such a link opens the file. On the site, it opens a page that
 * shows the file. The build fails if the file does not exist.
 */
export function repositoryLinks(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : null;
      if (href === null || ABSOLUTE.test(href)) continue;
      const [path = '', anchor] = decodeURI(href).split('#');
      const address = addressOf(posix.join(folderOf(env.relativePath), path));
      token.attrSet('href', anchor === undefined ? address : `${address}#${anchor}`);
    }
  });
}
