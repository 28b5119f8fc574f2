import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** The folders from which a folder may import, in addition to `errors.ts`. CONTRIBUTING.md has a map of them. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  encoding: [],
  options: ['encoding'],
  runtime: ['encoding', 'options'],
  keys: ['encoding', 'options', 'runtime'],
  'authenticator-data': ['encoding', 'options', 'runtime', 'keys'],
  certificates: ['encoding', 'options', 'runtime', 'keys'],
  assertion: ['encoding', 'options', 'runtime', 'keys', 'authenticator-data'],
  attestation: ['encoding', 'options', 'runtime', 'keys', 'authenticator-data', 'certificates'],
  receipt: ['encoding', 'options', 'runtime', 'keys', 'certificates'],
};
const CORE = [...Object.keys(MAY_IMPORT), 'explain'];
const IMPORTS_OF_FOLDERS: Readonly<Record<string, readonly string[]>> = {
  ...MAY_IMPORT,
  explain: CORE,
  index: CORE,
  server: CORE,
  conformance: [...CORE, 'server'],
  stores: [...CORE, 'server'],
  session: [...CORE, 'server'],
  http: [...CORE, 'server', 'session'],
  testing: CORE,
  inspector: CORE,
  cli: [...CORE, 'server', 'stores', 'testing'],
};

interface SourceFile {
  /** The path relative to `src/`. */
  readonly path: string;
  readonly imports: readonly string[];
  /** The functions and classes that other files may import. */
  readonly exported: readonly string[];
}

const files: readonly SourceFile[] = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.tsx?$/.test(path))
  .map(readSource);

function readSource(path: string): SourceFile {
  const source = ts.createSourceFile(path, readFileSync(`src/${path}`, 'utf8'), ts.ScriptTarget.Latest);
  const sourceOf = (module: string): string => `${module}.${existsSync(`src/${module}.tsx`) ? 'tsx' : 'ts'}`;
  const imports = ts
    .preProcessFile(source.text)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => posix.join(posix.dirname(path), name))
    // The inspector page contains a recording as an example.
    .filter((name) => !/^\.\.\/fixtures\/[^/]+\.json$/.test(name))
    .map((path) => path.replace(/^(.*)\.js$/, (_, module) => sourceOf(module)));
  const exported = source.statements.flatMap((statement) => {
    const isNamed = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement);
    const isExported = isNamed && statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    return isExported && statement.name ? [statement.name.text] : [];
  });
  return { path, imports, exported };
}

function folderOf(path: string): string {
  return path.split('/')[0]?.replace(/\.tsx?$/, '') ?? '';
}

/** Returns a chain of imports that starts and ends with the given file, or `undefined` if there is no such chain. */
function circularImportsFrom(start: string): readonly string[] | undefined {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const seen = new Set<string>();
  const walk = (path: string, trail: readonly string[]): readonly string[] | undefined => {
    for (const next of byPath.get(path)?.imports ?? []) {
      if (next === start) return [...trail, path, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const circle = walk(next, [...trail, path]);
      if (circle) return circle;
    }
    return undefined;
  };
  return walk(start, []);
}

function duplicatesIn(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

describe(`the ${files.length} files of src/`, () => {
  it('are in folders, except index.ts and errors.ts', () => {
    const loose = files.map(({ path }) => path).filter((path) => !path.includes('/'));
    expect(loose.toSorted()).toEqual(['errors.ts', 'index.ts']);
  });

  it('import only from their own folder and the folders that this test allows', () => {
    const upwards = files.flatMap(({ path, imports }) => {
      const folder = folderOf(path);
      const allowed = [folder, 'errors', ...(IMPORTS_OF_FOLDERS[folder] ?? [])];
      return imports.filter((target) => !allowed.includes(folderOf(target))).map((target) => `${path} → ${target}`);
    });
    expect(upwards).toEqual([]);
  });

  it('have no circular imports', () => {
    expect(files.map(({ path }) => circularImportsFrom(path)).filter((circle) => circle !== undefined)).toEqual([]);
  });

  it('have unique names, except index.ts and the files in testing/', () => {
    const names = files.filter(({ path }) => folderOf(path) !== 'testing').map(({ path }) => posix.basename(path));
    expect(duplicatesIn(names.filter((name) => name !== 'index.ts'))).toEqual([]);
  });

  it('export functions and classes with unique names, except the files in testing/', () => {
    // Overloads of a function have the same name, so each name counts once per file.
    const names = files
      .filter(({ path }) => folderOf(path) !== 'testing')
      .flatMap(({ exported }) => [...new Set(exported)]);
    expect(duplicatesIn(names)).toEqual([]);
  });
});
