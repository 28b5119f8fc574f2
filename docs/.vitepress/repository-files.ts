import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';

/** The root of the repository. */
export const repository = new URL('../../', import.meta.url);

/** The folder of the site for pages that show files from outside of docs/. */
const SOURCE = 'source/';

const PICTURE = /\.png$/;

/** A link in Markdown to another file of the repository. */
const LINK = /\]\((?![a-z]+:|[#/])([^)#\s]+)/g;

/** A page of the site that shows a file or a folder from outside of docs/. */
export interface SourcePage {
  readonly params: { readonly path: string };
  /** The Markdown of the page. */
  readonly content: string;
}

/** Returns the folder of the repository that the links of a page are relative to. */
export function folderOf(page: string): string {
  return page.startsWith(SOURCE) ? posix.dirname(page.slice(SOURCE.length)) : posix.join('docs', posix.dirname(page));
}

/**
 * Returns the address of the page that shows a file or a folder of the repository.
 *
 * @throws Error if the file does not exist
 */
export function addressOf(path: string): string {
  if (!exists(path)) throw new Error(`${path} does not exist`);
  return path.startsWith('docs/') ? `/${path.slice('docs/'.length)}` : `/${SOURCE}${pagePath(path)}.md`;
}

/** Returns a page for each file and folder outside of docs/ that a page links to, directly or through other such pages. */
export function sourcePages(): SourcePage[] {
  const pages = new Map<string, string>();
  const follow = (folder: string, markdown: string): void => {
    for (const [, href = ''] of markdown.matchAll(LINK)) {
      const path = posix.join(folder, href).replace(/\/$/, '');
      if (path.startsWith('docs/') || pages.has(path) || PICTURE.test(path) || !exists(path)) continue;
      const content = markdownOf(path);
      pages.set(path, content);
      follow(isFolder(path) ? path : posix.dirname(path), path.endsWith('.md') || isFolder(path) ? content : '');
    }
  };
  for (const name of readdirSync(new URL('docs/', repository))) {
    if (name.endsWith('.md')) follow('docs', read(`docs/${name}`));
  }
  follow('.', '[](CONTRIBUTING.md) [](CHANGELOG.md) [](SECURITY.md)');
  return [...pages].map(([path, content]) => ({ params: { path: pagePath(path) }, content }));
}

function pagePath(path: string): string {
  const page = isFolder(path) ? `${path.replace(/\/$/, '')}/index` : path.replace(/\.md$/, '');
  // VitePress treats brackets as parameters, and the extension .html as its own.
  return page.replaceAll(/[^\w./-]/g, '_').replace(/\.html$/, '_html');
}

function markdownOf(path: string): string {
  if (path.endsWith('.md')) return read(path);
  if (isFolder(path)) return `# \`${path}/\`\n\n${filesIn(path).map(listItem).join('\n')}\n`;
  return `# \`${path}\`\n\n${fence}${languageOf(path)}\n${read(path).trimEnd()}\n${fence}\n`;
}

/** A fence that is longer than all fences in the files. */
const fence = '``````';

/** The languages of files whose extension is not the name of a language. */
const LANGUAGES: Readonly<Record<string, string>> = {
  env: 'dotenv',
  pem: 'txt',
  // Not `ts`, so that the file is not taken for a sample: see `testedSamples`.
  ts: 'typescript',
};

function languageOf(path: string): string {
  const extension = posix.extname(path).slice(1);
  return LANGUAGES[extension] ?? extension;
}

function listItem(file: string): string {
  return `- [\`${file}\`](${file})`;
}

/** Returns the paths of the files in a folder and its subfolders: no pictures, hidden, installed or built files, or lock files. */
function filesIn(folder: string): string[] {
  return readdirSync(new URL(`${folder}/`, repository), { recursive: true, encoding: 'utf8' })
    .filter(
      (path) => !/(^|\/)(node_modules|build|dist|package-lock\.json|\..+)(\/|$)/.test(path) && !PICTURE.test(path),
    )
    .filter((path) => !isFolder(`${folder}/${path}`))
    .toSorted();
}

function exists(path: string): boolean {
  return !path.startsWith('..') && existsSync(new URL(path, repository));
}

function isFolder(path: string): boolean {
  return statSync(new URL(path, repository)).isDirectory();
}

function read(path: string): string {
  return readFileSync(new URL(path, repository), 'utf8');
}
