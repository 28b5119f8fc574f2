import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { VirtualDevice } from '../../../src/testing/index.js';
import type { startChromium } from '../../inspector/chromium.js';
import { serveNode, type TestServer } from '../../support/http-servers.js';

type Context = Awaited<ReturnType<Awaited<ReturnType<typeof startChromium>>['newContext']>>;

/** Bundles the client as an app does. The script sets the global variable `client`. */
async function clientScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../../../src/client/index.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'client',
    target: 'es2020',
    platform: 'browser',
  });
  return outputFiles[0]?.text ?? '';
}

/** The script of the page. Its plugin calls a virtual device outside of the page. */
const APP = `
  const plugin = {
    isSupported: async () => ({ isSupported: true, format: 'apple-app-attest' }),
    prepare: () => pluginPrepare(),
    createAttestation: (options) => pluginAttest(options),
    createAssertion: (options) => pluginAssert(options),
  };
  // Chromium sends changes of localStorage to other tabs with a delay. IndexedDB has the same content in all tabs.
  const database = new Promise((resolve, reject) => {
    const opening = indexedDB.open('app');
    opening.onupgradeneeded = () => opening.result.createObjectStore('texts');
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  async function inTexts(mode, use) {
    const transaction = (await database).transaction('texts', mode);
    const request = use(transaction.objectStore('texts'));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }
  const storage = {
    get: async (name) => (await inTexts('readonly', (texts) => texts.get(name))) ?? null,
    set: async (name, value) => void (await inTexts('readwrite', (texts) => texts.put(value, name))),
    remove: async (name) => void (await inTexts('readwrite', (texts) => texts.delete(name))),
  };
  function createApp(baseUrl, options) {
    globalThis.attested = client.createClient({ device: client.capacitor(plugin), baseUrl, storage, ...options });
  }
  /** Returns the result of a request as JSON, because a page and a test share no objects. */
  async function outcomeOf(target, init) {
    try {
      const response = await attested.fetch(target, init);
      return { status: response.status, text: await response.text() };
    } catch ({ code, serverCode, message }) {
      return { code, serverCode, message };
    }
  }
`;

/** Serves the page of the app on another origin than the server of the app. */
export async function servePage(): Promise<TestServer> {
  const script = `${await clientScript()}\n${APP}`;
  return serveNode((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><script>${script}</script>`);
  });
}

/**
 * Connects the plugin in all pages of a context to a virtual device. The returned array receives each key that the device
 * generates.
 */
export async function connectPlugin(context: Context, { capacitor }: VirtualDevice): Promise<readonly string[]> {
  const made: string[] = [];
  await context.exposeFunction('pluginPrepare', async () => {
    const prepared = await capacitor.prepare();
    made.push(prepared.keyId);
    return prepared;
  });
  await context.exposeFunction('pluginAttest', (options: { keyId: string; challenge: string }) => {
    return capacitor.createAttestation(options);
  });
  await context.exposeFunction('pluginAssert', (options: { keyId: string; payload: string }) => {
    return capacitor.createAssertion(options);
  });
  return made;
}
