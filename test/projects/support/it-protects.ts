import { beforeAll, expect, it } from 'vitest';
import { createTrustedDevice, Phone } from './phone.js';
import type { RunningProject } from './start-project.js';

/** What differs between the projects. */
export interface ProtectedRoutes {
  /** The first part of each path, for example the name of a stage. The app signs it too. */
  readonly prefix?: string;
  /** Whether the stores outlive a restart. `true` by default. */
  readonly isDurable?: boolean;
  /** The request that orders an item. */
  readonly order?: OrderRoute;
  /** The request that finds the order 7. */
  readonly find?: FindRoute;
}

/** A `POST` request. */
export interface OrderRoute {
  readonly target: string;
  body(item: string): string;
  /** The body of the response. */
  answer(item: string, keyId: string): object;
}

/** A `GET` request. */
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

/**
 * The tests that each project must pass, over HTTP, with a virtual device. Call this function after the `beforeAll` that starts
 * the project.
 */
export function itProtects(
  project: () => RunningProject,
  { prefix = '', isDurable = true, order = ORDER, find = FIND }: ProtectedRoutes = {},
): void {
  let phone: Phone;
  const coffee = order.body('coffee');
  const sign = (body: string) => phone.sign('POST', order.target, body);
  const sendOrder = (headers: Record<string, string>, body: string) => phone.send('POST', order.target, headers, body);
  const sendFind = (headers: Record<string, string>) => phone.send('GET', find.target, headers);
  const accepted = () => ({ status: 200, body: order.answer('coffee', phone.keyId) });
  const rejected = (error: string) => ({ status: 401, body: { error } });

  beforeAll(async () => {
    const { url, output } = project();
    phone = new Phone(url, prefix, await createTrustedDevice());
    const registered = await phone.register();
    expect(registered, output).toMatchObject({ status: 201, body: { keyId: phone.keyId } });
  });

  it('accepts a signed order once', async () => {
    const headers = await sign(coffee);
    expect(await sendOrder(headers, coffee), project().output).toMatchObject(accepted());
    expect(await sendOrder(headers, coffee)).toMatchObject(rejected('challenge_used'));
  });

  it('accepts a signed request without a body once', async () => {
    const headers = await phone.sign('GET', find.target);
    expect(await sendFind(headers), project().output).toMatchObject({ status: 200, body: find.answer(phone.keyId) });
    expect(await sendFind(headers)).toMatchObject(rejected('challenge_used'));
  });

  it('rejects an order that was changed after it was signed', async () => {
    expect(await sendOrder(await sign(coffee), order.body('gold'))).toMatchObject(rejected('request_mismatch'));
  });

  it('rejects a request that was signed for another target', async () => {
    expect(await sendFind(await phone.sign('GET', `${find.target}0`))).toMatchObject(rejected('invalid_signature'));
  });

  it('rejects requests without an assertion', async () => {
    expect(await sendOrder({}, coffee)).toMatchObject(rejected('assertion_missing'));
    expect(await sendFind({})).toMatchObject(rejected('assertion_missing'));
  });

  it('rejects a signed order that is too long', async () => {
    const long = order.body('a'.repeat(1 << 20));
    // The body parser of some frameworks has a lower limit and its own response.
    expect(await sendOrder(await sign(long), long)).toMatchObject({ status: 413 });
  });

  it('rejects the registration of another app', async () => {
    const other = new Phone(project().url, prefix, await createTrustedDevice('TEAMID1234.com.example.other'));
    expect(await other.register()).toMatchObject(rejected('app_id_mismatch'));
  });

  it.runIf(isDurable)('still knows the key and the used challenges after the server was killed', async () => {
    const headers = await sign(coffee);
    expect(await sendOrder(headers, coffee)).toMatchObject(accepted());
    await project().restart();
    expect(await sendOrder(headers, coffee)).toMatchObject(rejected('challenge_used'));
    expect(await sendOrder(await sign(coffee), coffee)).toMatchObject(accepted());
  });
}
