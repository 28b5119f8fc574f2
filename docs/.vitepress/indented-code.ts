import type { MarkdownRenderer } from 'vitepress';

/** Shows indented code in the same way as code between fences: it scrolls if it is wider than the screen. */
export function indentedCode(markdown: MarkdownRenderer): void {
  markdown.core.ruler.push('indented-code', ({ tokens }) => {
    for (const token of tokens.filter(({ type }) => type === 'code_block')) {
      token.type = 'fence';
      token.tag = 'code';
      token.info = 'txt';
      token.content = token.content.trimEnd();
    }
  });
}
