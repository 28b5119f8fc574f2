import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { groups } from '../docs/.vitepress/navigation.js';
import { STATUS } from '../src/http/status.js';
import { expectedOutcomes } from './peers/expected-outcomes.js';
import { comparedRuntimes, expectedDifferences, isExpected } from './runtimes/expected-differences.js';
import { OLDEST_COMPATIBILITY_DATE } from './runtimes/workerd/compatibility-date.js';
import { SYSTEMS } from './support/arbitrary-evidence.js';
import { markdownTable } from './support/markdown-table.js';

const root = new URL('../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');
const list = (folder: string): string[] => readdirSync(new URL(folder, root)).map((name) => `${folder}${name}`);
const packageJson: { scripts: Record<string, string> } = JSON.parse(read('package.json'));

/** The pages in docs/, without the home page of the site. */
const pages = list('docs/').filter((path) => path.endsWith('.md') && path !== 'docs/index.md');

const documents = ['README.md', 'SECURITY.md', ...pages];

/** Returns the code blocks of a document in one language. */
const blocks = (document: string, language: string): string[] => {
  const fence = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms');
  return [...read(document).matchAll(fence)].map(([, code]) => code ?? '');
};

const sources = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => read(`src/${path}`));

/** Returns the members of the union of error codes in a file. */
const unionOf = (path: string): string[] => {
  return [...read(path).matchAll(/^ {2}\| '([a-z_]+)'/gm)].map(([, code]) => code ?? '');
};

/** The text of all tests and their processes, to find the modules that they import. */
const tests = readdirSync(new URL('test/', root), { recursive: true, encoding: 'utf8' })
  .filter((path) => /(\.test|-process|-worker|open-clients)\.ts$/.test(path) && !path.includes('node_modules'))
  .map((path) => read(`test/${path}`))
  .join('\n');

/** A link to a file of a project in examples/projects/. */
const PROJECT_FILE = /\]\(\.\.\/(examples\/projects\/[\w-]+\/[\w./+[\]-]+\.ts)\)/g;

describe('the documents', () => {
  it('show the examples exactly as in examples/, and each example is imported by a test, or by another example', () => {
    const examples = [...list('examples/'), ...list('examples/fraud-risk/'), ...list('examples/bridges/')].filter(
      (path) => path.endsWith('.ts'),
    );
    const shown = documents.flatMap((document) => blocks(document, 'ts'));
    // Of the files of a project, the documents show those to which they link.
    const files = documents.flatMap((document) =>
      [...read(document).matchAll(PROJECT_FILE)].map(([, path = '']) => path),
    );
    expect(shown.toSorted()).toEqual([...examples, ...new Set(files)].map(read).toSorted());
    const importing = [tests, ...examples.map((path) => read(path).replaceAll("'./", "'examples/"))].join('\n');
    for (const example of examples.filter((path) => !path.endsWith('.test.ts'))) {
      expect(importing, example).toContain(`${example.replace('.ts', '.js')}'`);
    }
  });

  it('show the SQL of the examples', () => {
    const shown = documents.flatMap((document) => blocks(document, 'sql'));
    for (const example of list('examples/').filter((path) => path.endsWith('.sql'))) {
      expect(shown, example).toContain(read(example));
    }
  });

  it('show the configuration of the projects exactly', () => {
    const link = /\]\(\.\.\/(examples\/projects\/[\w-]+\/[\w./-]+\.(?:jsonc?|toml))\)/g;
    const shown = ['json', 'jsonc', 'toml'].flatMap((language) => blocks('docs/frameworks.md', language));
    const files = [...read('docs/frameworks.md').matchAll(link)].map(([, path = '']) => path);
    expect(shown.toSorted()).toEqual(files.map(read).toSorted());
  });

  it('show the SQL in examples/ exactly', () => {
    const shown = documents.flatMap((document) => blocks(document, 'sql'));
    for (const example of list('examples/supabase/')) expect(shown, example).toContain(read(example));
  });

  it('link to the file of each TypeScript sample in the text before it', () => {
    for (const document of documents) {
      const text = read(document);
      for (const { 0: sample, index } of text.matchAll(/^```ts\n.*?^```$/gms)) {
        const before = text.slice(0, index).trimEnd().split('\n\n').at(-1) ?? '';
        const file = [...before.matchAll(/\]\(([^)]+\.ts)\)/g)].at(-1)?.[1];
        if (file === undefined) throw new Error(`${document}: no link to a file in "${before}"`);
        const code = readFileSync(new URL(file, new URL(document, root)), 'utf8');
        expect(sample, document).toBe(`\`\`\`ts\n${code}\`\`\``);
      }
    }
  });

  it('show only commands that .ci/run runs', () => {
    const ciRun = read('.ci/run');
    // test/package/quick-start.test.ts runs the commands of this page.
    const commands = documents
      .filter((document) => document !== 'docs/quick-start.md')
      .flatMap((document) => blocks(document, 'sh'))
      .flatMap((block) => block.trim().split(/\n| && /));
    expect(commands.length).toBeGreaterThan(4);
    for (const command of commands) {
      // The package itself is not in the registry yet, so npm run test:package installs the tarball.
      const run = command === 'npm install app-attest' ? 'npm run test:package' : command;
      expect(ciRun, command).toContain(run);
    }
  });

  it('name only scripts that exist', () => {
    for (const document of documents) {
      for (const [, script] of read(document).matchAll(/npm run ([\w:]+)/g)) {
        expect(packageJson.scripts, document).toHaveProperty([script ?? '']);
      }
    }
  });

  it('link only to files that exist', () => {
    for (const document of documents) {
      for (const [, path = ''] of read(document).matchAll(/\]\((?!https:)([^)#]+)[^)]*\)/g)) {
        expect(existsSync(new URL(path, new URL(document, root))), `${document}: ${path}`).toBe(true);
      }
    }
  });
});

describe('the README', () => {
  it('has at most 180 lines', () => {
    expect(read('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(180);
  });

  it('lists every page in docs/', () => {
    const section = read('README.md').split('\n## Documentation\n')[1] ?? '';
    const listed = [...section.matchAll(/\]\((docs\/[^)#]+)\)/g)].map(([, path]) => path);
    expect(listed.toSorted()).toEqual(pages);
  });
});

describe('the navigation of the documentation site', () => {
  it('lists every page in docs/ once', () => {
    const links = groups.flatMap(({ items }) => items.map(({ link }) => link));
    const listed = links.flatMap((link) => (/^\/[\w-]+$/.test(link) ? [`docs${link}.md`] : []));
    expect(listed.toSorted()).toEqual(pages);
  });
});

describe('docs/options.md', () => {
  /** Returns the options in the table below a heading, and whether each option may be undefined. */
  const listed = (heading: string): [string, string][] => {
    const [, section = ''] = read('docs/options.md').split(`\n## \`${heading}\`\n`);
    const rows = (section.split('\n#')[0] ?? '').matchAll(/^\| (`.*?) \| .* \| (allowed |rejected )?\|$/gm);
    return [...rows].flatMap(([, names = '', fate]) => {
      const undefinedIs = fate === 'allowed ' ? 'may be' : 'never';
      return [...names.matchAll(/`(\w+)`/g)].map(([, name]): [string, string] => [name ?? '', undefinedIs]);
    });
  };

  it.each([
    ['verifyAttestation', 'src/attestation/verify-attestation.ts'],
    ['verifyAssertion', 'src/assertion/verify-assertion.ts'],
    ['verifyReceipt', 'src/receipt/verify-receipt.ts'],
    ['refreshReceipt', 'src/receipt/refresh-receipt.ts'],
    ['createAppAttest', 'src/server/app-attest-options.ts'],
    ['createSessions', 'src/session/sessions-options.ts'],
  ])('lists the options of %s, and which options must not be undefined', (heading, path) => {
    const known = [...read(path).matchAll(/^ {2}(\w+): '(may be|never) undefined',$/gm)];
    expect(Object.fromEntries(listed(heading))).toEqual(
      Object.fromEntries(known.map(([, name, fate]) => [name, fate])),
    );
    expect(known.length).toBeGreaterThan(5);
  });
});

describe('docs/errors.md', () => {
  it('lists exactly the codes of AppAttestErrorCode that this version throws', () => {
    const listed = [...read('docs/errors.md').matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code]) => code ?? '');
    const known = unionOf('src/errors.ts');
    const withoutTheType = sources.filter((source) => !source.includes('export type AppAttestErrorCode'));
    const thrown = known.filter((code) => withoutTheType.some((source) => source.includes(`'${code}'`)));
    expect(known.length).toBe(34);
    expect(listed.toSorted()).toEqual(thrown.toSorted());
  });
});

describe('docs/http.md', () => {
  const document = read('docs/http.md');
  const codes = document.slice(document.indexOf('\n## Codes'));

  it('lists the status of every code', () => {
    const listed = [...codes.matchAll(/^\| (\d{3}) \| (.*) \|$/gm)].flatMap(([, status, names = '']) => {
      return names.split(', ').map((name): [string, number] => [name.replaceAll('`', ''), Number(status)]);
    });
    expect(Object.fromEntries(listed)).toEqual(STATUS);
  });

  it('explains the codes of the HTTP layer', () => {
    const explained = [...codes.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code]) => code ?? '');
    expect(explained.toSorted()).toEqual(unionOf('src/http/http-error.ts').toSorted());
    expect(explained.length).toBeGreaterThan(5);
  });
});

describe('docs/frameworks.md', () => {
  const projects = readdirSync(new URL('examples/projects/', root), { withFileTypes: true });
  const names = projects.filter((entry) => entry.isDirectory()).map(({ name }) => name);

  it('shows a file of each project or links to the project, and each project has a test', () => {
    for (const name of names) {
      expect(read('docs/frameworks.md')).toContain(`(../examples/projects/${name}/`);
      expect(existsSync(new URL(`test/projects/${name}.test.ts`, root)), name).toBe(true);
    }
  });

  it('lists projects of which .ci/run tests at most three in each hour, and all in a day', () => {
    const hours = Array.from({ length: 24 }, (_, hour) => String(hour));
    const lines = execFileSync('node', ['test/projects/turn.mjs', ...hours], { encoding: 'utf8' })
      .trim()
      .split('\n');
    const due = lines.map((line) => line.split(' '));
    expect(due.length).toBe(24);
    expect(Math.max(...due.map((files) => files.length))).toBeLessThanOrEqual(3);
    expect([...new Set(due.flat())].toSorted()).toEqual(
      names.map((name) => `test/projects/${name}.test.ts`).toSorted(),
    );
  });

  it('points to a file that states when each project was tested, and with which versions', () => {
    const tested: object = JSON.parse(read('examples/projects/last-tested.json'));
    expect(read('docs/frameworks.md')).toContain('(../examples/projects/last-tested.json)');
    expect(Object.keys(tested)).toEqual(names.toSorted());
    for (const entry of Object.values(tested)) {
      expect(entry).toEqual({
        date: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/),
        versions: expect.objectContaining({ node: expect.any(String), 'app-attest': expect.any(String) }),
      });
    }
  });
});

describe('docs/testing.md', () => {
  const firstColumn = (heading: string): string[] => {
    const [, section = ''] = read('docs/testing.md').split(`\n## ${heading}\n`);
    const rows = (section.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| `'));
    return rows.flatMap((row) => [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ''));
  };

  it('lists every operating system that a virtual device can run', () => {
    expect(
      firstColumn('Devices')
        .filter((name) => name !== 'os')
        .toSorted(),
    ).toEqual([...SYSTEMS].toSorted());
  });

  it('lists every kind of misbehaviour of a virtual device', () => {
    const source = read('src/testing/device/misbehaviour.ts');
    const names = [...source.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name ?? '');
    expect(names.length).toBeGreaterThan(5);
    expect(
      firstColumn('Misbehaviour')
        .filter((name) => name !== 'device.misbehave')
        .toSorted(),
    ).toEqual(names.toSorted());
  });
});

describe('docs/differential-testing.md', () => {
  it.each(Object.entries(expectedOutcomes))('shows the expected outcomes: %s', (heading, outcomes) => {
    const rows = Object.entries(outcomes).map(([what, { ours, theirs, why = '' }]) => {
      return [what, ours === 'accepted' ? ours : `\`${ours}\``, theirs, why];
    });
    const headings = ['what is broken', 'app-attest', 'appattest-checker-node', 'why they differ'];
    const [, section = ''] = read('docs/differential-testing.md').split(`\n## ${heading}\n`);
    expect(section.split('\n## ')[0]).toContain(markdownTable(headings, rows));
  });
});

describe('docs/runtimes.md', () => {
  it('shows the expected differences', () => {
    const rows = Object.entries(expectedDifferences).map(([statement, { consequence }]) => {
      const cells = comparedRuntimes.map((runtime) => (isExpected(statement, runtime) ? 'yes' : '**no**'));
      return [statement, ...cells, consequence];
    });
    const headings = ['behaviour', ...comparedRuntimes, 'consequence'];
    expect(read('docs/runtimes.md')).toContain(markdownTable(headings, rows));
  });

  it('names the oldest compatibility date', () => {
    expect(read('docs/runtimes.md')).toContain(`compatibility date of ${OLDEST_COMPATIBILITY_DATE} or later`);
  });
});
