import { expect, inject } from 'vitest';
import { loadVirtualApple } from '../../../src/testing/saved-virtual-apple.js';
import { Client } from '../../support/http-client.js';

/** Installs the app of all projects on a new virtual device, and registers its key. */
export async function registeredPhone(origin: string): Promise<Client> {
  const apple = await loadVirtualApple(inject('virtualApple'));
  const phone = new Client(`${origin}/app-attest`, await apple.createDevice({ appId: 'TEAMID1234.com.example.app' }));
  expect((await phone.register()).status).toBe(201);
  return phone;
}
