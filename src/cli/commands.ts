import type { Command } from './command.js';

/** The commands by name. A command is loaded when it runs, because some commands load much code. */
export const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['explain', async () => (await import('./explain-command.js')).explainCommand],
  ['inspect', async () => (await import('./inspect-command.js')).inspectCommand],
  ['receipt', async () => (await import('./receipt-command.js')).receiptCommand],
  ['replay', async () => (await import('./replay-command.js')).replayCommand],
  ['device', async () => (await import('./device-command.js')).deviceCommand],
  ['inspector', async () => (await import('./inspector-command.js')).inspectorCommand],
  ['receipts refresh', async () => (await import('./refresh-command.js')).refreshCommand],
]);
