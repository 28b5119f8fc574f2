import { beforeAll, expect, inject, it } from 'vitest';
import { loadVirtualApple } from '../../../src/testing/saved-virtual-apple.js';
import { type Answer, answerOf, Client } from '../../support/http-client.js';
import type { RunningProject } from './start-project.js';

/** What differs between the projects. */
export interface ProtectedRoutes {
  /** The first part of each path, for example the name of a stage. The app signs it too. */
  readonly prefix?: string;
  /** Whether the stores outlive a restart. */
  readonly isDurable?: boolean;
  /** The request that orders an item. */
  readonly order?: OrderRoute;
  /** The request that finds the order 7. */
  readonly find?: FindRoute;
}

export interface OrderRoute {
  readonly target: string;
  body(item: string): string;
  /** The body of the response. */
  answer(item: string, keyId: string): object;
}

export interface FindRoute {
  readonly target: string;
  /** The body of the response. */
  answer(keyId: string): object;
}

const ORDER: OrderRoute = {
  target: '/orders',
  body: (item) => JSON.stringify({ item }),
  answer: (item, keyId) => ({ ordered: item, by: keyId }),
};
const FIND: FindRoute = { target: '/orders/7?x=1', answer: (keyId) => ({ order: '7', by: keyId }) };

/** The app of all projects. */
const APP_ID = 'TEAMID1234.com.example.app';

/**
 * The tests that each project must pass, over HTTP, with a virtual device. Call this function after the `beforeAll` that starts
 * the project.
 */
export function itProtects(
  project: () => RunningProject,
  { prefix = '', isDurable = true, order = ORDER, find = FIND }: ProtectedRoutes = {},
): void {
  let phone: Client;

  const install = async (appId: string): Promise<Client> => {
    const apple = await loadVirtualApple(inject('virtualApple'));
    return new Client(`${project().url}${prefix}/app-attest`, await apple.createDevice({ appId }));
  };
  const send = async (
    method: 'GET' | 'POST',
    target: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<Answer> => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const init = { method, headers: { ...type, ...headers }, ...(body !== undefined && { body }) };
    return answerOf(await fetch(`${project().url}${prefix}${target}`, init));
  };
  const sendOrder = (headers: Record<string, string>, body: string) => send('POST', order.target, headers, body);
  const sign = (body: string) => phone.sign('POST', prefix + order.target, body);
  const coffee = order.body('coffee');
  const accepted = () => ({ status: 200, body: order.answer('coffee', phone.keyId) });
  const rejected = (status: number, error: string) => ({ status, body: { error } });

  beforeAll(async () => {
    phone = await install(APP_ID);
    expect(await phone.register(), project().output).toMatchObject({ status: 201, body: { keyId: phone.keyId } });
  });

  it('accepts a signed order once', async () => {
    const headers = await sign(coffee);
    expect(await sendOrder(headers, coffee), project().output).toMatchObject(accepted());
    expect(await sendOrder(headers, coffee)).toMatchObject(rejected(401, 'challenge_used'));
  });

  it('accepts a signed request without a body once', async () => {
    const headers = await phone.sign('GET', prefix + find.target);
    const found = { status: 200, body: find.answer(phone.keyId) };
    expect(await send('GET', find.target, headers), project().output).toMatchObject(found);
    expect(await send('GET', find.target, headers)).toMatchObject(rejected(401, 'challenge_used'));
  });

  it('rejects an order that was changed after it was signed', async () => {
    expect(await sendOrder(await sign(coffee), order.body('gold'))).toMatchObject(rejected(401, 'request_mismatch'));
  });

  it('rejects a request that was signed for another target', async () => {
    const headers = await phone.sign('GET', `${prefix}${find.target}0`);
    expect(await send('GET', find.target, headers)).toMatchObject(rejected(401, 'invalid_signature'));
  });

  it('rejects requests without an assertion', async () => {
    expect(await sendOrder({}, coffee)).toMatchObject(rejected(401, 'assertion_missing'));
    expect(await send('GET', find.target, {})).toMatchObject(rejected(401, 'assertion_missing'));
  });

  it('rejects a signed order that is too long', async () => {
    const long = order.body('a'.repeat(1 << 20));
    expect(await sendOrder(await sign(long), long)).toMatchObject(rejected(413, 'body_too_large'));
  });

  it('rejects the registration of another app', async () => {
    const other = await install('TEAMID1234.com.example.other');
    expect(await other.register()).toMatchObject(rejected(401, 'app_id_mismatch'));
  });

  it.runIf(isDurable)('still knows the key and the used challenges after it was killed', async () => {
    const headers = await sign(coffee);
    expect(await sendOrder(headers, coffee)).toMatchObject(accepted());
    await project().restart();
    expect(await sendOrder(headers, coffee)).toMatchObject(rejected(401, 'challenge_used'));
    expect(await sendOrder(await sign(coffee), coffee)).toMatchObject(accepted());
  });
}
