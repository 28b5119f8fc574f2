import { loadVirtualApple, type SavedVirtualApple } from '../testing/saved-virtual-apple.js';
import type { VirtualApple } from '../testing/virtual-apple.js';
import { BackendConnection } from './backend-connection.js';
import type { Command } from './command.js';
import type { CommandProcess } from './command-process.js';
import { type DeviceArguments, readDeviceArguments } from './device-arguments.js';
import { DEVICE_HELP } from './device-help.js';
import { printDeviceStep, printDeviceSummary } from './device-output.js';
import type { DeviceStep } from './device-step.js';
import { deviceSteps } from './device-steps.js';
import { ExitCode } from './exit-code.js';
import { Interruption } from './interruption.js';
import { writeJson } from './json-output.js';
import { Printer } from './printer.js';
import { UsageError } from './usage-error.js';
import { defaultVirtualAppleFile, openVirtualAppleFile } from './virtual-apple-file.js';

/** The command `app-attest device`. */
export const deviceCommand: Command = { help: DEVICE_HELP, run: device };

async function device(args: readonly string[], host: CommandProcess): Promise<number> {
  const task = readDeviceArguments(args);
  const saved = await openVirtualAppleFile(task.rootFile ?? defaultVirtualAppleFile(host.env));
  if ('print' in task) {
    host.stdout.write(saved[task.print === 'receipt' ? 'receiptRoot' : 'attestationRoot'].certificate);
    return ExitCode.Ok;
  }
  const interruption = new Interruption(host);
  try {
    return await attack(task.run, await load(saved), interruption.signal, host, task.json);
  } catch (error) {
    if (interruption.exitCode === undefined) throw error;
    return interruption.exitCode;
  } finally {
    interruption.end();
  }
}

/** @throws UsageError if a certificate or a private key cannot be decoded */
async function load(saved: SavedVirtualApple): Promise<VirtualApple> {
  try {
    return await loadVirtualApple(saved);
  } catch {
    throw new UsageError(
      'the file with the roots of the virtual iPhone is damaged: delete the file, and print a new root with --print-root',
    );
  }
}

async function attack(
  run: DeviceArguments,
  apple: VirtualApple,
  signal: AbortSignal,
  host: CommandProcess,
  json: boolean,
): Promise<number> {
  const printer = new Printer(host.stdout, host.env);
  const steps: DeviceStep[] = [];
  for await (const step of deviceSteps(run, apple, new BackendConnection(run.url, run.headers, signal))) {
    steps.push(step);
    if (!json) printDeviceStep(printer, step);
  }
  const asExpected = steps.every(({ isAsExpected }) => isAsExpected);
  if (json) writeJson(host.stdout, { asExpected, steps });
  else printDeviceSummary(printer, steps);
  return asExpected ? ExitCode.Ok : ExitCode.Failed;
}
