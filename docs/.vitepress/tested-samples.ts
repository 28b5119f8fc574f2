import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import type { MarkdownRenderer } from 'vitepress';
import { folderOf, repository } from './repository-files.js';

/**
 * Shows each TypeScript sample from its file in examples/, which the tests run. The text before a sample links to the file. The
 * Markdown contains a copy of the file for readers on GitHub. The site does not use this copy.
 *
 * The build fails if the text before a sample links to no TypeScript file, or if the file does not exist.
 */
export function testedSamples(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('tested-samples', ({ tokens, env }) => {
    for (const [index, token] of tokens.entries()) {
      if (token.type !== 'fence' || token.info.trim() !== 'ts') continue;
      // The tokens of a paragraph are: paragraph_open, inline, paragraph_close.
      const links = (tokens[index - 2]?.children ?? []).flatMap((child) => child.attrGet('href') ?? []);
      const example = links.findLast((href) => href.endsWith('.ts'));
      if (example === undefined) {
        throw new Error(`${env.relativePath}: the text before a TypeScript sample must link to its file`);
      }
      token.content = readFileSync(new URL(posix.join(folderOf(env.relativePath), example), repository), 'utf8');
    }
  });
}
