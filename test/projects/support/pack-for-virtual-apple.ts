import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { decodePem } from '../../../src/encoding/pem.js';
import { createSavedVirtualApple, type SavedVirtualApple } from '../../../src/testing/saved-virtual-apple.js';
import { run } from '../../servers/support/child.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The path of the packed package. */
    tarball: string;
    /** The virtual Apple whose root the packed package contains. */
    virtualApple: SavedVirtualApple;
  }
}

const repository = fileURLToPath(new URL('../../../', import.meta.url));

/** The base64 text of Apple's root for attestations, with any separator between its lines. */
const APPLES_ROOT = /MIICITCCAaegAwIBAgIQC[\w+/\\\s]+anmrduC1bmTBGwD/g;

/**
 * Packs the built package once for all projects. In this copy, the root of a virtual Apple replaces Apple's root. So a project
 * trusts virtual devices only in these tests: the project itself contains no setting for it, and runs as in production.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'app-attest-packed-'));
  const virtualApple = await createSavedVirtualApple(new Date());
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: repository });
  const [packed = ''] = await readdir(folder);
  await run('tar', ['-xf', packed], { cwd: folder });
  await replaceRoot(join(folder, 'package/dist'), virtualApple.attestationRoot.certificate);
  await run('tar', ['-czf', packed, 'package'], { cwd: folder });
  project.provide('tarball', join(folder, packed));
  project.provide('virtualApple', virtualApple);
  return () => rm(folder, { recursive: true, force: true });
}

/** @param root PEM */
async function replaceRoot(folder: string, root: string): Promise<void> {
  const base64 = Buffer.from(decodePem('CERTIFICATE', root) ?? []).toString('base64');
  let replaced = 0;
  for (const name of await readdir(folder, { recursive: true })) {
    if (!/\.c?js$/.test(name)) continue;
    const source = await readFile(join(folder, name), 'utf8');
    const changed = source.replace(APPLES_ROOT, base64);
    if (changed === source) continue;
    replaced += 1;
    await writeFile(join(folder, name), changed);
  }
  // dist/ contains the root three times: for Node.js as an ES module and as CommonJS, and for bundlers.
  if (replaced !== 3) throw new Error(`found Apple's root in ${replaced} files of dist/ instead of 3`);
}
