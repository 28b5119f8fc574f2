import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Options } from 'tsup';

type EsbuildPlugin = NonNullable<Options['esbuildPlugins']>[number];

const PACKAGE_FOLDER = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/;

/** Writes the licenses of all packages that are part of the build. The licenses require that each copy contains their text. */
export function thirdPartyNotices(file: string): EsbuildPlugin {
  const folders = new Set<string>();
  return {
    name: 'third-party-notices',
    setup({ initialOptions, onEnd }) {
      initialOptions.metafile = true;
      onEnd(({ metafile }) => {
        for (const input of Object.keys(metafile?.inputs ?? {})) {
          const [folder] = PACKAGE_FOLDER.exec(input) ?? [];
          if (folder !== undefined) folders.add(folder);
        }
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(
          file,
          [...folders]
            .toSorted()
            .map(notice)
            .join(`\n${'-'.repeat(80)}\n\n`),
        );
      });
    },
  };
}

/** Returns the licenses of the packages that contain the modules, by the name and version of each package. */
export function noticesOf(modules: readonly string[]): ReadonlyMap<string, string> {
  const folders = new Set(modules.flatMap((module) => PACKAGE_FOLDER.exec(module)?.[0] ?? []));
  return new Map([...folders].toSorted().map((folder) => [notice(folder).split('\n', 1).join(), notice(folder)]));
}

function notice(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const license = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (license === undefined) throw new Error(`${name} has no license file`);
  return `${name} ${version}\n\n${readFileSync(join(folder, license), 'utf8').trim()}\n`;
}
