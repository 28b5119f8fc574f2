import { spawn } from 'node:child_process';

/**
 * Opens a URL in the browser of the user. Does nothing if there is no browser, for example in a container.
 *
 * @param url A URL that this program created. The URL must not contain text from a user, because Windows passes it to a
 *   shell
 */
export function openInBrowser(url: string): void {
  const [command, ...args] = commandOf(process.platform, url);
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  child.on('error', () => undefined);
  child.unref();
}

function commandOf(platform: NodeJS.Platform, url: string): [string, ...string[]] {
  if (platform === 'darwin') return ['open', url];
  return platform === 'win32' ? ['cmd', '/c', 'start', '', url] : ['xdg-open', url];
}
