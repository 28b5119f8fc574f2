import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const readme = read('README.md');
const packageJson: { scripts: Record<string, string> } = JSON.parse(read('package.json'));

const blocks = (language: string, text = readme): string[] => {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code]) => code ?? '');
};

const sourcesIn = (folder: string): string[] => {
  return readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}${name}`);
};

/** All tests in one text, to find what they import. */
const tests = readdirSync(new URL('test/', root), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts') && !path.includes('node_modules'))
  .map((path) => read(`test/${path}`))
  .join('\n');

const sources = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => read(`src/${path}`));

describe('the documents', () => {
  const folders = readdirSync(new URL('docs/', root)).map((name) => [
    `docs/${name}`,
    `examples/${name.replace('.md', '/')}`,
  ]);

  it.each(folders)('%s shows code as it stands in %s, and no other', (document, folder) => {
    const shown = blocks('ts', read(document)).toSorted();
    const examples = shown.length === 0 ? [] : sourcesIn(folder);
    expect(shown).toEqual(examples.map(read).toSorted());
    expect([...read(document).matchAll(/^```(?!ts$|$)(.*)$/gm)].map(([, language]) => language)).toEqual([]);
    for (const example of examples) expect(tests, example).toMatch(`${example.replace('.ts', '.js')}'`);
  });

  it.each(folders)('%s links only to files that exist, and names only scripts that do', (document) => {
    for (const [, path] of read(document).matchAll(/\]\((?!https:)([^)#]+)[^)]*\)/g)) {
      expect(existsSync(new URL(path ?? '', new URL(document, root))), path).toBe(true);
    }
    for (const [, script] of read(document).matchAll(/npm run ([\w:]+)/g)) {
      expect(packageJson.scripts).toHaveProperty([script ?? '']);
    }
  });
});

describe('the README', () => {
  it('shows the examples as they stand in examples/, each with a test of its own', () => {
    const examples = sourcesIn('examples/');
    expect(blocks('ts').toSorted()).toEqual(examples.map(read).toSorted());
    const tests = examples.map((path) => `test/${path.replace('.ts', '.test.ts')}`);
    expect(sourcesIn('test/examples/').toSorted()).toEqual(tests.toSorted());
  });

  it('shows only commands that .ci/run runs', () => {
    const ciRun = read('.ci/run');
    const commands = blocks('sh').flatMap((block) => block.trim().split(/\n| && /));
    expect(commands.length).toBeGreaterThan(4);
    for (const command of commands) {
      // Its own package cannot be installed from the registry yet; test:package installs the tarball.
      const run = command === 'npm install app-attest' ? 'npm run test:package' : command;
      expect(ciRun, command).toContain(run);
    }
  });

  it('names only scripts that exist', () => {
    for (const [, script] of readme.matchAll(/npm run ([\w:]+)/g)) {
      expect(packageJson.scripts).toHaveProperty([script ?? '']);
    }
  });

  it('lists exactly the codes that this version throws, and the type knows them all', () => {
    const errors = readme.slice(readme.indexOf('\n## Errors'), readme.indexOf('\n## Coming from'));
    const listed = [...errors.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code]) => code ?? '');
    const known = [...sources.join('\n').matchAll(/^ {2}\| '([a-z_]+)'/gm)].map(([, code]) => code ?? '');
    const withoutTheType = sources.filter((source) => !source.includes('export type AppAttestErrorCode'));
    const thrown = known.filter((code) => withoutTheType.some((source) => source.includes(`'${code}'`)));
    expect(known.length).toBe(29);
    expect(listed.toSorted()).toEqual(thrown.toSorted());
  });

  it('links only to files that exist', () => {
    for (const [, path] of readme.matchAll(/\]\((?!https:)([^)#]+)\)/g)) {
      expect(() => readdirSync(new URL('.', new URL(path ?? '', root)))).not.toThrow();
      if (path?.includes('.')) expect(read(path).length).toBeGreaterThan(0);
    }
  });
});
