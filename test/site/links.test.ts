import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { builtSite } from './built-site.js';

const ORIGIN = 'http://site.invalid';

const paths = readdirSync(builtSite, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.html'));
const pages = new Map(paths.map((path) => [`/${path}`, readPage(path)]));

function readPage(path: string) {
  const html = readFileSync(new URL(path, builtSite), 'utf8');
  const valuesOf = (pattern: RegExp): string[] => [...html.matchAll(pattern)].map(([, value = '']) => decoded(value));
  return {
    html,
    ids: new Set(valuesOf(/\sid="([^"]*)"/g)),
    links: valuesOf(/<a\s[^>]*?href="([^"]*)"/g),
    /** The files that a browser loads together with the page. */
    loaded: valuesOf(/<(?:script|link|img|source|iframe)\s[^>]*?(?:src|href)="([^"]*)"/g),
  };
}

function decoded(text: string): string {
  return text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");
}

/** Returns why a link does not work, or `undefined` if it works. */
function problemOf(link: string, page: string): string | undefined {
  const { origin, pathname, hash } = new URL(link, ORIGIN + page);
  if (origin !== ORIGIN) return undefined;
  const path = decodeURIComponent(pathname.endsWith('/') ? `${pathname}index.html` : pathname);
  const file = new URL(`.${path}`, builtSite);
  if (!existsSync(file) || statSync(file).isDirectory()) return `${page}: ${link} does not exist`;
  const ids = pages.get(path)?.ids;
  const id = decodeURIComponent(hash.slice(1));
  return id === '' || ids === undefined || ids.has(id) ? undefined : `${page}: ${link} has no such anchor`;
}

describe(`the ${pages.size} pages of the site`, () => {
  it('contain the home page, the reference, the inspector and files of the repository', () => {
    expect([...pages.keys()]).toEqual(
      expect.arrayContaining([
        '/index.html',
        '/api/index.html',
        '/inspect/index.html',
        '/source/SECURITY.html',
        '/source/examples/express.ts.html',
        '/source/certs/index.html',
      ]),
    );
  });

  it('link only to pages and anchors that exist', () => {
    const links = [...pages].flatMap(([page, { links }]) => links.map((link) => ({ page, link })));
    expect(links.length).toBeGreaterThan(5000);
    expect(links.flatMap(({ page, link }) => problemOf(link, page) ?? [])).toEqual([]);
  });

  it('load only files of the site', () => {
    const files = [...pages].flatMap(([page, { loaded }]) => loaded.map((file) => ({ page, file })));
    expect(files.length).toBeGreaterThan(500);
    const foreign = files.filter(
      ({ page, file }) => !/^data:/.test(file) && new URL(file, ORIGIN + page).origin !== ORIGIN,
    );
    expect(foreign).toEqual([]);
    expect(files.flatMap(({ page, file }) => (/^data:/.test(file) ? [] : (problemOf(file, page) ?? [])))).toEqual([]);
  });
});
