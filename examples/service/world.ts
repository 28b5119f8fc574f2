import { createAppAttest } from 'app-attest/server';
import { createSessions } from 'app-attest/session';
import { createVirtualApple } from 'app-attest/testing';
import { createSessionKey } from '../session-key.js';
import { allowPages } from './allow-pages.js';
import { createDevices } from './devices.js';
import type { Journal } from './journal.js';
import { observeDecision, observeRequests } from './observed-requests.js';
import { observeStore } from './observed-store.js';
import type { Outside } from './outside.js';
import { refreshReceipt } from './refresh-receipt.js';
import { listenLocally } from './running-server.js';
import { createService } from './service.js';
import { openStores } from './stores.js';

const APP_ID = 'TEAMID1234.com.example.coffee';

/** Apple, the devices, the service and its stores. */
export interface World {
  /** The origin of the service. It stays the same after a restart. */
  readonly origin: string;
  /** A description of the stores. */
  readonly place: string;
  readonly outside: Outside;
  /** The origins of pages that may call the service. */
  readonly pages: Set<string>;
  stop(): Promise<void>;
}

/** @param port The port of the service, or 0 for any free port */
export async function createWorld(journal: Journal, port: number): Promise<World> {
  const apple = await createVirtualApple(); // a real service has no virtual Apple, no trust anchors and no virtual.env
  const { trustAnchors, receiptTrustAnchors } = apple;
  const devices = await createDevices(apple, APP_ID, journal);
  const orders = new Map<string, string[]>();
  const pages = new Set<string>();
  let secondsAhead = 0;
  const sessions = createSessions({
    issuer: 'https://api.example.com',
    audience: 'https://api.example.com',
    keys: [createSessionKey('example')], // a real service reads its keys from its configuration
    now: () => new Date(Date.now() + secondsAhead * 1000),
  });

  async function start(onPort: number) {
    const { place, stores, close } = await openStores();
    const challenges = observeStore(stores.challenges, 'challenges', journal);
    const keys = observeStore(stores.keys, 'keys', journal);
    const options = { appId: APP_ID, challenges, keys, verifyReceipts: true, trustAnchors, receiptTrustAnchors };
    const appAttest = createAppAttest(options);
    const service = createService(appAttest, {
      sessions,
      orders,
      onDecision: (decision) => observeDecision(journal, decision),
      before: [observeRequests(journal), allowPages(pages)],
    });
    const { origin, stop } = await listenLocally(service, onPort);
    const stopAll = async (): Promise<void> => {
      await stop();
      await close();
    };
    return { place, origin, appAttest, keys, stop: stopAll };
  }

  let running = await start(port);
  const { origin, place } = running;

  const outside: Outside = {
    plugin: (device) => devices[device],
    revoke: (keyId) => running.appAttest.revoke(keyId),
    refreshReceipt: (keyId) => refreshReceipt(apple, running.appAttest, running.keys, keyId, journal),
    restart: async () => {
      journal.step('service', 'service', 'the service restarts');
      await running.stop();
      running = await start(Number(new URL(origin).port));
    },
    moveClock: async (seconds) => {
      secondsAhead = seconds;
      journal.step('service', 'service', seconds === 0 ? 'the clock is set back' : `${seconds / 60} minutes pass`);
    },
    note: async (entry) => journal.add(entry),
  };
  return { origin, place, outside, pages, stop: () => running.stop() };
}
