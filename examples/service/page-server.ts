import { fileURLToPath } from 'node:url';
import express, { type Express, type RequestHandler } from 'express';
import type { Journal } from './journal.js';
import type { Outside } from './outside.js';
import { onlyOwnPage, securityHeaders } from './own-page.js';
import { pageCalls } from './page-calls.js';

/** The files of the page, relative to the built example. `page.js` contains the client. */
const FILES: Readonly<Record<string, string>> = {
  '/': '../page/index.html',
  '/look.css': '../../../src/inspector/page.css',
  '/page.css': '../page/page.css',
  '/page.js': 'page.js',
};

/**
 * Serves the page, which is the app. The page calls the service itself, on another origin. This server only replaces the phone
 * around the app: it connects the page to the virtual devices, and sends the steps as server-sent events.
 */
export function createPageServer(journal: Journal, outside: Outside, service: string): Express {
  const server = express();
  server.disable('x-powered-by');
  server.use(onlyOwnPage, securityHeaders(service));
  for (const [path, file] of Object.entries(FILES)) {
    server.get(path, (_request, response) =>
      response.sendFile(fileURLToPath(new URL(file, import.meta.url)), { dotfiles: 'allow' }),
    );
  }
  server.get('/settings', (_request, response) => {
    response.json({ service });
  });
  server.get('/steps', sendSteps(journal));
  server.use(pageCalls(outside));
  return server;
}

/** Sends all entries, the past ones first. After an interruption, a browser names the last entry that it received. */
function sendSteps(journal: Journal): RequestHandler {
  return (request, response) => {
    response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    response.flushHeaders();
    const last = request.get('Last-Event-ID');
    const stop = journal.listen(
      (entry, index) => response.write(`id: ${index}\ndata: ${JSON.stringify(entry)}\n\n`),
      last === undefined ? 0 : Number(last) + 1,
    );
    response.once('close', stop);
  };
}
