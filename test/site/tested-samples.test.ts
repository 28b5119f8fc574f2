import { readFileSync } from 'node:fs';
import { createMarkdownRenderer } from 'vitepress';
import { describe, expect, it } from 'vitest';
import { repositoryLinks } from '../../docs/.vitepress/repository-links.js';
import { testedSamples } from '../../docs/.vitepress/tested-samples.js';

const markdown = await createMarkdownRenderer('docs', {
  config: (renderer) => {
    testedSamples(renderer);
    repositoryLinks(renderer);
  },
});

/** Returns the tokens of Markdown in docs/stores.md. */
const parse = (text: string) => markdown.parse(text, { relativePath: 'stores.md' });

const sample = (example: string) => `Text ([\`x\`](${example})):\n\n\`\`\`ts\nan old copy\n\`\`\`\n`;

describe('a TypeScript sample on the site', () => {
  it('is the file that the text before it links to', () => {
    const fence = parse(sample('../examples/redis.ts')).find(({ type }) => type === 'fence');
    expect(fence?.content).toBe(readFileSync(new URL('../../examples/redis.ts', import.meta.url), 'utf8'));
  });

  it('fails the build if its file does not exist', () => {
    expect(() => parse(sample('../examples/missing.ts'))).toThrow(/ENOENT.*examples\/missing\.ts/);
  });

  it('fails the build if the text before it links to no file', () => {
    expect(() => parse('Text:\n\n```ts\ncode\n```\n')).toThrow('must link to its file');
  });
});

describe('a link in a page', () => {
  const addressOf = (link: string) => {
    return parse(`[text](${link})`)[1]?.children?.[0]?.attrGet('href');
  };

  it.each([
    ['../examples/redis.ts', '/source/examples/redis.ts.md'],
    ['../SECURITY.md#reporting', '/source/SECURITY.md#reporting'],
    ['../certs', '/source/certs/index.md'],
    [
      '../examples/projects/next/app/orders/[id]/route.ts',
      '/source/examples/projects/next/app/orders/_id_/route.ts.md',
    ],
    ['../examples/projects/sveltekit/src/app.html', '/source/examples/projects/sveltekit/src/app_html.md'],
    ['keys.md#users', '/keys.md#users'],
    ['https://www.apple.com/', 'https://www.apple.com/'],
  ])('to %s opens %s', (link, address) => {
    expect(addressOf(link)).toBe(address);
  });

  it('fails the build if the file that it names does not exist', () => {
    expect(() => addressOf('../examples/missing.ts')).toThrow('examples/missing.ts does not exist');
  });
});
