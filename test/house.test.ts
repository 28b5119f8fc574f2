import { readdirSync, readFileSync } from 'node:fs';
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
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  ...MAY_IMPORT,
  explain: CORE,
  index: CORE,
  server: CORE,
  conformance: [...CORE, 'server'],
  stores: [...CORE, 'server'],
  http: [...CORE, 'server'],
  client: [],
  testing: CORE,
  cli: [...CORE, 'server', 'stores'],
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
  .filter((path) => path.endsWith('.ts'))
  .map(readSource);

function readSource(path: string): SourceFile {
  const source = ts.createSourceFile(path, readFileSync(`src/${path}`, 'utf8'), ts.ScriptTarget.Latest);
  const imports = ts
    .preProcessFile(source.text)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => posix.join(posix.dirname(path), name).replace(/\.js$/, '.ts'));
  const exported = source.statements.flatMap((statement) => {
    const isNamed = ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement);
    const isExported = isNamed && statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    return isExported && statement.name ? [statement.name.text] : [];
  });
  return { path, imports, exported };
}

function roomOf(path: string): string {
  return path.split('/')[0]?.replace(/\.ts$/, '') ?? '';
}

/** A path of imports that ends in its first file. */
function circleFrom(start: string): readonly string[] | undefined {
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

function twice(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}

describe(`the ${files.length} files of src/`, () => {
  it('are in folders, except the entry and the errors', () => {
    const loose = files.map(({ path }) => path).filter((path) => !path.includes('/'));
    expect(loose.toSorted()).toEqual(['errors.ts', 'index.ts']);
  });

  it('import in one direction only', () => {
    const upwards = files.flatMap(({ path, imports }) => {
      const room = roomOf(path);
      // The client runs in a browser engine and shares no file with the server, not even the errors.
      const shared = room === 'client' ? [] : ['errors'];
      const allowed = [room, ...shared, ...(ROOMS[room] ?? [])];
      return imports.filter((target) => !allowed.includes(roomOf(target))).map((target) => `${path} → ${target}`);
    });
    expect(upwards).toEqual([]);
  });

  it('have no circular imports', () => {
    expect(files.map(({ path }) => circleFrom(path)).filter((circle) => circle !== undefined)).toEqual([]);
  });

  it('have unique names, except entries and the mirrored files in testing/', () => {
    const names = files.filter(({ path }) => roomOf(path) !== 'testing').map(({ path }) => posix.basename(path));
    expect(twice(names.filter((name) => name !== 'index.ts'))).toEqual([]);
  });

  it('export functions and classes with unique names, except the mirrored ones in testing/', () => {
    // The overloads of a function have one name in one file.
    const names = files
      .filter(({ path }) => roomOf(path) !== 'testing')
      .flatMap(({ exported }) => [...new Set(exported)]);
    expect(twice(names)).toEqual([]);
  });
});
