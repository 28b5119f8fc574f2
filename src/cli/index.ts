#!/usr/bin/env node
import { keepRunningWithoutReader } from './closed-pipe.js';
import { runCommand } from './run-command.js';

keepRunningWithoutReader(process.stdout);
keepRunningWithoutReader(process.stderr);
process.exitCode = await runCommand(process.argv.slice(2), process);
