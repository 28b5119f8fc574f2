import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { openInBrowser } from './browser.js';
import type { Command } from './command.js';
import { parseCommandLine } from './command-line.js';
import type { CommandProcess } from './command-process.js';
import { ExitCode } from './exit-code.js';
import { INSPECTOR_HELP } from './inspector-help.js';
import { serveInspector } from './inspector-server.js';
import { Interruption } from './interruption.js';
import { UsageError } from './usage-error.js';

/** The build puts the page into this folder, next to the file of this command. */
const PAGE = new URL('./inspector/index.html', import.meta.url);

/** The command `app-attest inspector`. */
export const inspectorCommand: Command = { help: INSPECTOR_HELP, run: inspector };

async function inspector(args: readonly string[], host: CommandProcess): Promise<number> {
  const { values } = parseCommandLine(args, { 'no-open': { type: 'boolean' } });
  const server = await serveInspector(await readPage());
  const interruption = new Interruption(host);
  try {
    host.stdout.write(`The inspector is at ${server.url}\nPress Ctrl+C to end the command.\n`);
    if (!values['no-open']) openInBrowser(server.url);
    if (!interruption.signal.aborted) await once(interruption.signal, 'abort');
    return ExitCode.Ok;
  } finally {
    interruption.end();
    await server.close();
  }
}

async function readPage(): Promise<string> {
  try {
    return await readFile(PAGE, 'utf8');
  } catch {
    throw new UsageError('this build does not contain the inspector page: run npm run build');
  }
}
