import { existsSync } from 'node:fs';
import { env } from 'node:process';
import { type Browser, chromium } from 'playwright-core';

/** Where Linux distributions install Chromium. The environment variable `CHROMIUM` can name another path. */
const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Starts the Chromium of this machine. */
export async function startChromium(): Promise<Browser> {
  const { CHROMIUM } = env;
  const executablePath = CHROMIUM ?? PROGRAMS.find((program) => existsSync(program));
  if (executablePath === undefined) throw new Error('install Chromium, or set CHROMIUM to its path');
  return chromium.launch({ executablePath });
}
