import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pack } from './packed.js';

let folder: string;
let files: string[];
const read = (file: string): Promise<string> => readFile(join(folder, 'package', file), 'utf8');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'app-attest-links-'));
  const { tarball } = await pack(folder);
  await promisify(execFile)('tar', ['-xf', tarball, '-C', folder]);
  const entries = await readdir(join(folder, 'package'), { recursive: true });
  files = entries.map((entry) => entry.replaceAll('\\', '/'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const withoutCode = (markdown: string): string => markdown.replace(/^```[\s\S]*?^```/gm, '');

/** Returns the targets of the links in a Markdown page. Links have two forms: `[text](target)` and `[text]: target`. */
function linksIn(markdown: string): string[] {
  const text = withoutCode(markdown);
  return [...text.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]:\s*(\S+)/gm)].map(([, inline, below]) => inline ?? below ?? '');
}

/** Returns the anchors that GitHub and npm create for the headings of a page. */
function anchorsIn(markdown: string): string[] {
  const seen = new Map<string, number>();
  return [...withoutCode(markdown).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => {
    const words = heading.trim().replace(/\]\([^)]*\)/g, ']');
    const anchor = words
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/ /g, '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

/** Returns why a link is broken in the packed package, or `undefined` if the link is valid. */
async function brokenBecause(page: string, link: string): Promise<string | undefined> {
  if (/^https:\/\/[^/]+\.[^/]+/.test(link)) return undefined;
  // The package does not contain the pictures, which would make it larger. test/readme.test.ts checks these links.
  if (/^pictures\/[\w-]+\.png$/.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), path)).replace(/\/$/, '');
  if (!files.includes(target)) return `${page}: ${link}: no such file`;
  if (anchor === undefined) return undefined;
  return anchorsIn(await read(target)).includes(anchor) ? undefined : `${page}: ${link}: no such heading`;
}

/** Returns the files of this package that a text mentions, as in “`docs/http.md` has all codes”. */
function namedIn(text: string): string[] {
  const paths = text.matchAll(/(?<![\w/.-])(?:docs|examples|certs|fixtures)\/[\w/-]+(?:\.[\w.]*\w)?(?:#[\w-]+)?/g);
  return [...paths].map(([path]) => path).filter((path) => /\.(?:md|ts|mjs|json|pem)/.test(path));
}

/** Returns the names that occur in a declaration file outside comments. */
function namesIn(declarations: string): Set<string> {
  const code = declarations.replace(/\/\*[\s\S]*?\*\//g, '');
  return new Set(code.match(/[A-Za-z_]\w*/g));
}

describe('in the installed package', () => {
  it('all links of its pages resolve', async () => {
    const pages = files.filter((file) => file.endsWith('.md'));
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'SECURITY.md', 'docs/http.md', 'fixtures/README.md']));
    const links = await Promise.all(
      pages.map(async (page) => {
        return Promise.all(linksIn(await read(page)).map((link) => brokenBecause(page, link)));
      }),
    );
    expect(links.flat().length).toBeGreaterThan(30);
    expect(links.flat().filter((problem) => problem !== undefined)).toEqual([]);
  });

  it('each file that its pages, doc comments or messages mention exists', async () => {
    const texts = files.filter((file) => /^README\.md$|^(?:docs|examples)\/.*\.(?:md|ts)$|^dist\/.*$/.test(file));
    const problems = await Promise.all(
      texts
        .filter((file) => /\.\w+$/.test(file))
        .map(async (file) => {
          const named = namedIn(await read(file));
          return Promise.all(named.map(async (path) => ((await brokenBecause('', path)) ? `${file}: ${path}` : '')));
        }),
    );
    expect(problems.flat().length).toBeGreaterThan(10);
    expect(problems.flat().filter((problem) => problem !== '')).toEqual([]);
  });

  it('all links of its doc comments resolve', async () => {
    const declarations = files.filter((file) => file.endsWith('.d.ts'));
    let links = 0;
    const problems: string[] = [];
    for (const file of declarations) {
      const source = await read(file);
      const names = namesIn(source);
      for (const [, target = ''] of source.matchAll(/\{@link ([^}|\s]+)[^}]*\}/g)) {
        links++;
        if (/^https:\/\//.test(target)) continue;
        if (!target.split('.').every((name) => names.has(name))) problems.push(`${file}: {@link ${target}}`);
      }
      for (const [, target = ''] of source.matchAll(/@see (\S+)/g)) {
        links++;
        if (target.startsWith('{@link')) continue;
        const broken = await brokenBecause('', target.replace(/^`|`$/g, ''));
        if (broken !== undefined) problems.push(`${file}: @see ${target}`);
      }
    }
    expect(links).toBeGreaterThan(10);
    expect(problems).toEqual([]);
  });
});
