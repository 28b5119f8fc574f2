import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';

const execute = promisify(execFile);

export const project = fileURLToPath(new URL('../../', import.meta.url));

/** Packs the last build into a folder, as npm would publish it. */
export async function pack(destination: string): Promise<{ tarball: string; files: string[] }> {
  const command = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination];
  const [packed] = JSON.parse((await execute('npm', command, { cwd: project })).stdout);
  return {
    tarball: join(destination, packed.filename),
    files: packed.files.map(({ path }: { path: string }) => path),
  };
}

/** Runs a command and returns its output. If the command fails, throws an error with the output. */
export async function run(cwd: string, command: string, ...args: readonly string[]): Promise<string> {
  try {
    return (await execute(command, args, { cwd })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return expect.fail(`${command} ${args.join(' ')}\n${stdout}${stderr}`);
  }
}
