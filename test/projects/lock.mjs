// Writes the lock file of a project: node test/projects/lock.mjs NAME. The lock file contains the packages that app-attest
// depends on, but neither app-attest itself nor addresses.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));

for (const name of process.argv.slice(2)) {
  const project = join(repository, 'examples/projects', name);
  const manifest = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
  const address = manifest.dependencies['app-attest'];
  const folder = mkdtempSync(join(tmpdir(), 'app-attest-lock-'));
  // If the dependency were a folder, npm would only link it. So the dependency is a tarball that contains only package.json.
  cpSync(join(repository, 'package.json'), join(folder, 'app-attest/package.json'));
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', '..'], { cwd: join(folder, 'app-attest') });
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
  const dependencies = { ...manifest.dependencies, 'app-attest': `file:app-attest-${version}.tgz` };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...manifest, dependencies }));
  const options = ['--package-lock-only', '--omit-lockfile-registry-resolved', '--no-audit', '--no-fund'];
  execFileSync('npm', ['install', ...options], { cwd: folder, stdio: 'inherit' });

  const lock = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  delete lock.packages['node_modules/app-attest'];
  lock.packages[''].dependencies['app-attest'] = address;
  writeFileSync(join(project, 'package-lock.json'), `${JSON.stringify(lock, undefined, 2)}\n`);
  rmSync(folder, { recursive: true, force: true });
}
