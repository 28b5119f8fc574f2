import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const readme = read('README.md');
const packageJson: { scripts: Record<string, string> } = JSON.parse(read('package.json'));

const blocks = (language: string): string[] => {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, code]) => code ?? '');
};

const sources = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => read(`src/${path}`));

describe('the README', () => {
  it('shows the examples as they stand in examples/, each with a test of its own', () => {
    const examples = readdirSync(new URL('examples/', root)).filter((name) => name.endsWith('.ts'));
    expect(blocks('ts').toSorted()).toEqual(examples.map((name) => read(`examples/${name}`)).toSorted());
    const tests = readdirSync(new URL('test/examples/', root));
    expect(tests.toSorted()).toEqual(examples.map((name) => name.replace('.ts', '.test.ts')).toSorted());
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
