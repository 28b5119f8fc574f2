import type { Command } from './command.js';

/** The commands by name. A command is loaded when it runs, because some commands load much code. */
export const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['inspect', async () => (await import('./inspect-command.js')).inspectCommand],
  ['device', async () => (await import('./device-command.js')).deviceCommand],
  ['receipts refresh', async () => (await import('./refresh-command.js')).refreshCommand],
]);
