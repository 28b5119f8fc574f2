import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import express from 'express';
import { builtSite } from './built-site.js';

/** Serves the built site on loopback. A missing file is a 404. */
export async function serveSite() {
  const server = express()
    .use(express.static(fileURLToPath(builtSite)))
    .listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    close: () => new Promise<unknown>((resolve) => server.close(resolve)),
  };
}
