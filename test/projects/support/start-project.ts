import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import { Child, freePort, run } from '../../servers/support/child.js';
import { lockedTo, type PackageLock, type PackageManifest } from './package-lock.js';

/** How to start a project. */
export interface ProjectOptions {
  /** Commands that run once after the installation, for example `[['tsc']]`. They may call programs of the installed packages. */
  readonly build?: readonly (readonly string[])[];
  /** The command of the server. It must listen on `PORT`. */
  readonly start: readonly string[];
  /** Environment variables for all commands. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A project that runs in a temporary folder. */
export interface RunningProject {
  /** The origin, without a slash at the end. It stays the same after a restart. */
  readonly url: string;
  /** The temporary folder. */
  readonly folder: string;
  /** The last output of the server. */
  readonly output: string;
  /** Kills the server at once, and starts it again in the same folder. */
  restart(): Promise<void>;
  /** Kills the server, and removes the folder. */
  stop(): Promise<void>;
}

const projects = fileURLToPath(new URL('../../../examples/projects/', import.meta.url));

/** The variables that npm and the programs need. A project must not receive the variables of the test run. */
const INHERITED = /^(?:PATH|HOME|LANG|TMPDIR|npm_config_.*|.*_proxy|.*_PROXY|NODE_EXTRA_CA_CERTS|SSL_CERT_.*)$/;

/** Installs a copy of a project from its lock file, with the packed package, builds it and starts it. */
export async function startProject(name: string, options: ProjectOptions): Promise<RunningProject> {
  const folder = await mkdtemp(join(tmpdir(), `app-attest-${name}-`));
  try {
    return await startIn(folder, name, options);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

async function startIn(
  folder: string,
  name: string,
  { build = [], start, env = {} }: ProjectOptions,
): Promise<RunningProject> {
  const port = await freePort();
  const inherited = Object.entries(process.env).filter(([variable]) => INHERITED.test(variable));
  const { PATH = '' } = process.env;
  const programs = join(folder, 'node_modules/.bin');
  const common = { ...Object.fromEntries(inherited), PATH: `${programs}${delimiter}${PATH}`, ...env };
  const options = { cwd: folder, env: { ...common, NODE_ENV: 'production', PORT: String(port) } };
  await copyProject(name, folder);
  await run('npm', ['ci', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: folder, env: common });
  for (const [command = '', ...args] of build) await run(command, args, options);

  const url = `http://127.0.0.1:${port}`;
  const [command = '', ...args] = start;
  const serve = async () => {
    // The server leads a group of processes, so that `kill` also ends the processes that it starts.
    const child = new Child(command, args, { ...options, detached: true });
    await child
      .until(() => fetch(url), 60)
      .catch(async (error) => {
        await kill(child);
        throw error;
      });
    return child;
  };
  let server = await serve();
  return {
    url,
    folder,
    get output() {
      return server.output;
    },
    restart: async () => {
      await kill(server);
      server = await serve();
    },
    stop: async () => {
      await kill(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Copies the files that Git knows or would add. In the copy, the packed package replaces the link to the repository. */
async function copyProject(name: string, folder: string): Promise<void> {
  const source = join(projects, name);
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const files = execFileSync('git', list, { cwd: source, encoding: 'utf8' }).split('\0').filter(Boolean);
  for (const file of files) await cp(join(source, file), join(folder, file));
  await cp(inject('tarball'), join(folder, 'app-attest.tgz'));

  const repository: PackageManifest = JSON.parse(await readFile(join(projects, '../../package.json'), 'utf8'));
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const lock: PackageLock = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8'));
  manifest.dependencies['app-attest'] = 'file:app-attest.tgz';
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lockedTo('file:app-attest.tgz', lock, repository)));
}

async function kill({ process: leader, isRunning }: Child): Promise<void> {
  if (!isRunning || leader.pid === undefined) return;
  const ended = once(leader, 'exit');
  process.kill(-leader.pid, 'SIGKILL');
  await ended;
}
