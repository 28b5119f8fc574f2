import { type Answer, readAnswer } from './answer.js';
import { App } from './app.js';
import { sendAsAttacker } from './network.js';
import type { Outside } from './outside.js';
import { signByHand } from './sign-by-hand.js';
import type { SceneStart } from './step.js';

/** Where a scene plays. */
export interface Stage {
  /** The app on the phone of the user. */
  readonly app: App;
  /** The origin of the service. */
  readonly origin: string;
  readonly outside: Outside;
}

/** One request of the app, of the operator or of an attacker, with everything that happens until its response. */
export interface Scene {
  /** The name, for the button in the page. */
  readonly name: string;
  readonly by: SceneStart['by'];
  readonly title: string;
  /** Why the service responds in this way. */
  readonly why: string;
  /** The expected response. Without `body`, only the status is compared. */
  readonly expected: { readonly status: number; readonly body?: object };
  run(stage: Stage): Promise<Answer>;
}

/** Seconds. Sessions are valid for ten minutes, and some seconds more for clocks that differ. */
const ELEVEN_MINUTES = 660;

/** The scenes, in the order of the walk in the terminal. */
export const SCENES: readonly Scene[] = [
  {
    name: 'install',
    by: 'app',
    title: 'The app registers its key',
    why: 'Apple certified the key for this app and this challenge, so the service stores the public key with counter 0.',
    expected: { status: 201 },
    run: ({ app }) => app.install(),
  },
  {
    name: 'order',
    by: 'app',
    title: 'The app orders a coffee',
    why: 'The key signed this request, the challenge is used for the first time, and the counter has increased.',
    expected: { status: 201, body: { ordered: 'coffee' } },
    run: ({ app }) => app.order('coffee'),
  },
  {
    name: 'replay',
    by: 'attacker',
    title: 'An attacker sends an order of the app again',
    why: 'Each challenge is accepted once. The order of the app has used it.',
    expected: { status: 401, body: { error: 'challenge_used' } },
    run: async ({ app }) => {
      await app.order('tea');
      return sendAsAttacker(app.network.heard);
    },
  },
  {
    name: 'change',
    by: 'attacker',
    title: 'An attacker changes an order in transit',
    why: 'The app signed the digest of its body. The body {"item":"gold"} has another digest.',
    expected: { status: 401, body: { error: 'request_mismatch' } },
    run: ({ app }) => {
      app.network.changeNext(() => ({ body: '{"item":"gold"}' }));
      return app.order('coffee');
    },
  },
  {
    name: 'move',
    by: 'attacker',
    title: 'An attacker sends a request to another route',
    why: 'The app signed the path /refunds. With the path /orders, the signature is not valid.',
    expected: { status: 401, body: { error: 'invalid_signature' } },
    run: ({ app, origin }) => {
      app.network.changeNext(() => ({ url: `${origin}/orders` }));
      return app.send('/refunds', { method: 'POST', body: { item: 'coffee' } });
    },
  },
  {
    name: 'script',
    by: 'attacker',
    title: 'A script sends a request without the app',
    why: 'The request has no assertion, so nothing shows that it comes from the app.',
    expected: { status: 401, body: { error: 'assertion_missing' } },
    run: ({ origin }) => {
      return sendAsAttacker({ url: `${origin}/orders`, method: 'GET', headers: new Headers(), body: null });
    },
  },
  {
    name: 'repackaged',
    by: 'attacker',
    title: 'A repackaged app registers its key',
    why: 'Another team signed this copy of the app, so Apple certifies its key for another App ID.',
    expected: { status: 401, body: { error: 'app_id_mismatch' } },
    run: ({ origin, outside }) => new App(origin, outside.plugin('repackaged'), { isHostile: true }).install(),
  },
  {
    name: 'clone',
    by: 'attacker',
    title: 'A copy of the device signs with a copied counter',
    why: 'The service has already accepted this counter from the phone, so two devices use one key.',
    expected: { status: 401, body: { error: 'counter_not_increased' } },
    run: async ({ app, origin, outside }) => {
      await app.order('tea');
      return sendAsAttacker(await signByHand(origin, outside.plugin('clone'), await app.keyId()));
    },
  },
  {
    name: 'revoked',
    by: 'attacker',
    title: 'A phone orders after its key was revoked',
    why: 'The operator revoked the key. Its signatures are still valid, but the service no longer accepts them.',
    expected: { status: 403, body: { error: 'key_revoked' } },
    run: async ({ origin, outside }) => {
      const plugin = outside.plugin('rented');
      const keyId = await new App(origin, plugin, { isHostile: true }).keyId();
      await outside.revoke(keyId);
      return sendAsAttacker(await signByHand(origin, plugin, keyId));
    },
  },
  {
    name: 'list',
    by: 'app',
    title: 'The app lists its orders',
    why: 'A signed GET request is protected in the same way. The service shows only the orders of this key.',
    expected: { status: 200 },
    run: ({ app }) => app.send('/orders'),
  },
  {
    name: 'stamps',
    by: 'app',
    title: 'The app reads its stamps with a session',
    why: 'The app signs one request for a token. It sends the token with reads, and the service asks no store.',
    expected: { status: 200 },
    run: ({ app }) => app.stamps(),
  },
  {
    name: 'jwks',
    by: 'app',
    title: 'Anyone can read the public keys of the sessions',
    why: 'Other services verify tokens with these keys. They need no store, and cannot issue tokens.',
    expected: { status: 200 },
    run: async ({ origin }) => readAnswer(await fetch(`${origin}/.well-known/jwks.json`)),
  },
  {
    name: 'stolen-read',
    by: 'attacker',
    title: 'A thief reads with a stolen session token',
    why: 'This works until the token expires, because a token proves nothing about a request. Use tokens only for reads.',
    expected: { status: 200 },
    run: async ({ app }) => {
      await app.stamps();
      return sendAsAttacker(app.network.heard);
    },
  },
  {
    name: 'stolen-order',
    by: 'attacker',
    title: 'A thief orders with a stolen session token',
    why: 'An order needs an assertion. A token is not accepted in its place.',
    expected: { status: 401, body: { error: 'assertion_missing' } },
    run: async ({ app, origin }) => {
      await app.stamps();
      const headers = new Headers(app.network.heard.headers);
      headers.set('Content-Type', 'application/json');
      return sendAsAttacker({ url: `${origin}/orders`, method: 'POST', headers, body: '{"item":"gold"}' });
    },
  },
  {
    name: 'expired',
    by: 'attacker',
    title: 'A thief reads with the token eleven minutes later',
    why: 'A token is valid for ten minutes. The thief cannot request another one, because that needs the key.',
    expected: { status: 401, body: { error: 'session_expired' } },
    run: async ({ app, outside }) => {
      await app.stamps();
      await outside.moveClock(ELEVEN_MINUTES);
      const answer = await sendAsAttacker(app.network.heard);
      await outside.moveClock(0);
      return answer;
    },
  },
  {
    name: 'receipt',
    by: 'operator',
    title: 'The service asks Apple for the risk metric',
    why: 'Apple counts the keys that a device attested in about 30 days. A high number is a sign of fraud.',
    expected: { status: 200 },
    run: async ({ app, outside }) => {
      return { status: 200, body: { riskMetric: await outside.refreshReceipt(await app.keyId()) } };
    },
  },
  {
    name: 'restart',
    by: 'operator',
    title: 'After a restart of the service, the app orders cake',
    why: 'The key and its counter are in the store, so the app need not register again.',
    expected: { status: 201, body: { ordered: 'cake' } },
    run: async ({ app, outside }) => {
      await outside.restart();
      return app.order('cake');
    },
  },
  {
    name: 'replay-restart',
    by: 'attacker',
    title: 'An attacker sends an order again after a restart',
    why: 'The store still knows that the challenge was used.',
    expected: { status: 401, body: { error: 'challenge_used' } },
    run: async ({ app, outside }) => {
      await app.order('tea');
      const order = app.network.heard;
      await outside.restart();
      return sendAsAttacker(order);
    },
  },
];
