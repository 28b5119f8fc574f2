const { once } = require('node:events');

/**
 * Serves one protected route in each framework, sends requests from a virtual device, and prints the status of each response.
 */
exports.serveProtectedRoutes = async (modules) => {
  const { createAppAttest, createVirtualApple, express, Fastify, Hono } = modules;
  const { httpHandlers, expressHandlers, fastifyHandlers, honoHandlers, AppAttestError } = modules;
  const appId = 'TEAMID1234.com.example.app';
  const apple = await createVirtualApple();
  const { capacitor } = await apple.createDevice({ appId });
  const backend = createAppAttest({ appId, trustAnchors: apple.trustAnchors });
  const keyOf = ({ key }) => ({ keyId: key.keyId });

  const { challenge, registration, protect } = httpHandlers(backend);
  const orders = { http: protect((_request, attested) => Response.json(keyOf(attested))) };

  const expressApp = express();
  expressApp.post('/orders', expressHandlers(backend).protect, (_request, response) => {
    response.json(keyOf(response.locals.appAttest));
  });
  const server = expressApp.listen(0, '127.0.0.1');
  await once(server, 'listening');
  orders.express = async (request) => {
    const { method, headers } = request;
    return fetch(`http://127.0.0.1:${server.address().port}/orders`, { method, headers, body: await request.text() });
  };

  const fastify = Fastify();
  fastify.post(
    '/orders',
    fastifyHandlers(backend).protect(async ({ appAttest }) => keyOf(appAttest)),
  );
  const address = await fastify.listen({ port: 0, host: '127.0.0.1' });
  orders.fastify = async (request) => {
    const { method, headers } = request;
    return fetch(`${address}/orders`, { method, headers, body: await request.text() });
  };

  const hono = new Hono();
  hono.post('/orders', honoHandlers(backend).protect, (c) => c.json(keyOf(c.get('appAttest'))));
  orders.hono = hono.fetch;

  const post = (json) => {
    const headers = { 'content-type': 'application/json' };
    return new Request('http://localhost/orders', { method: 'POST', headers, body: JSON.stringify(json) });
  };
  const issue = async (purpose) => (await (await challenge(post({ purpose }))).json()).challenge;
  const { keyId } = await capacitor.prepare();
  await registration(post(await capacitor.createAttestation({ keyId, challenge: await issue('attestation') })));

  const statuses = {};
  for (const [name, order] of Object.entries(orders)) {
    const payload = `POST /orders\n${await issue('assertion')}\n{}`;
    const body = await capacitor.createAssertion({ keyId, payload });
    statuses[name] = [(await order(post(body))).status, (await order(post(body))).status];
  }
  server.close();
  server.closeAllConnections();
  await fastify.close();
  let isAppAttestError = false;
  try {
    httpHandlers(backend, { signed: 'nothing' });
  } catch (error) {
    isAppAttestError = error instanceof AppAttestError;
  }
  console.log(JSON.stringify({ ...statuses, isAppAttestError }));
};
